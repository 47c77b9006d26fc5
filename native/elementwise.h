/* Kernels that treat every element alike, in parallel. Knows nothing of what they do to an element. */
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include "deadweight.h"

/* Works on `count` elements that lie side by side, at operands[0], operands[1], ...; null where the instruction's operand is. */
typedef void Stretch(const Instruction *, float *const *operands, int64_t count);

/* Covers the instruction's first `operands` operands, matrices [size 0, size 1], by stretches. */
bool overElements(const Instruction *, Pool *, int operands, Stretch *);

#endif
