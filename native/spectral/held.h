/* A large matrix times four vectors and back. Knows no algorithm. */
#ifndef HELD_H
#define HELD_H

#include <stdint.h>

enum { blockWidth = 4, heldRows = 4, heldStride = 16 };

/*
 * y = W'W x, x and y [stride, 4]. w [rows, stride] is padded with zeros to multiples of `heldRows` and `heldStride`. Products and sums are
 * float. `scratch`: eight vectors of `stride`.
 */
void gramTimes(const float *w, int64_t rows, int64_t stride, const float *x, float *y, float *scratch);

#endif
