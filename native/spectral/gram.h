/* Sums of products of vectors, G += X'X. Knows nothing of where the vectors come from, or of eigenvalues. */
#ifndef GRAM_H
#define GRAM_H

#include <stdint.h>

typedef struct {
  /* Floats, or doubles. */
  const void *data;
  int32_t isDouble;
  /* Whether the vectors are the columns of [n, count], and not the rows of [count, n]. */
  int32_t byColumns;
  int64_t n;
  int64_t count;
  /* They are multiplied by it first: a power of two rounds nothing. */
  double factor;
} Vectors;

/* `stride` is a multiple of this. */
enum { gramStride = 32 };

/*
 * gram [n, stride] += X'X: all of its upper triangle, and what lies below within squares of `gramStride` on the diagonal or less. Products
 * and sums are double. `panel` is scratch for `depth` vectors of `stride` elements of the kind that is multiplied.
 */
void addProducts(Vectors, double *gram, int64_t stride, void *panel, int64_t depth);
/* The same, products and the sums of up to `depth` of them float. */
void addProductsSingle(Vectors, double *gram, int64_t stride, void *panel, int64_t depth);

#endif
