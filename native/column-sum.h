/* Sums down the columns by fixed chunks of rows, whose partial sums are added up in order. Knows nothing of what is summed. */
#ifndef COLUMN_SUM_H
#define COLUMN_SUM_H

#include <stdint.h>

#include "pool.h"

/*
 * Rows of one chunk of [rows, n]: enough that the partial sums are little beside the matrix, and few enough to sum in float32 to
 * some 1e-7.
 */
int64_t chunkRows(int64_t n);
/* The stride of partial sums [chunks, n]: whole cache lines. */
int64_t partialStride(int64_t n);
/* out[c] = sum over chunks of partials[chunk, c], summed in double. */
void addPartials(Pool *, const float *partials, int64_t chunks, int64_t n, float *out);

#endif
