/* Sums over the entries of a matrix. Knows nothing of its shape. */
#ifndef MOMENTS_H
#define MOMENTS_H

#include <stdint.h>

/* `entries` are floats, or doubles; count >= 1. */
typedef struct {
  double sum;
  /* Of the 2nd, 3rd and 4th powers of the deviations from the mean. */
  double m2, m3, m4;
} Moments;

Moments momentsOf(const void *entries, int32_t isDouble, int64_t count);

/* The largest magnitude; NaN is passed over. */
double largestOf(const void *entries, int32_t isDouble, int64_t count);

#endif
