/*
 * The product of small matrices that lie in cache, as many sums at a time as registers hold. Widths are whole vectors. Knows nothing of
 * what is multiplied, or of threads.
 */
#ifndef TILE_PRODUCT_H
#define TILE_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "vector.h"

/* tileRows x tileVectors sums, beside a row of one factor and an element of the other, in 32 or 16 registers. */
#if defined(__AVX512F__)
enum { tileRows = 8 };
#else
enum { tileRows = 4 };
#endif
enum { tileVectors = 3 };

/* The loops over registers must vanish, or the sums go through memory. */
#if defined(__clang__)
#define unrolled _Pragma("unroll")
#else
#define unrolled _Pragma("GCC unroll 16")
#endif

/* The left factor: its element (row, step) lies at data[row * rowStride + step * stepStride]. */
typedef struct {
  const float *data;
  int64_t rowStride, stepStride;
} LeftFactor;

/* C [tileRows, ...] and what becomes of it: the sums alone, or kept[row] C + sums, or, where `kept` is null, C + sums. */
typedef struct {
  float *data;
  int64_t stride;
  bool overwrite;
  const float *kept;
} TileSums;

__attribute__((always_inline)) static inline void registerTile(int vectors, LeftFactor a, const float *b, int64_t bStride, int64_t steps,
                                                               TileSums c) {
  Vector sums[tileRows][tileVectors] = {0};
  for (int64_t step = 0; step < steps; step++) {
    Vector right[tileVectors];
    unrolled for (int v = 0; v < vectors; v++) right[v] = load(b + step * bStride + v * lanes);
    unrolled for (int row = 0; row < tileRows; row++) {
      Vector left = broadcast(a.data[row * a.rowStride + step * a.stepStride]);
      unrolled for (int v = 0; v < vectors; v++) sums[row][v] += left * right[v];
    }
  }
  unrolled for (int row = 0; row < tileRows; row++)
    unrolled for (int v = 0; v < vectors; v++) {
      float *to = c.data + row * c.stride + v * lanes;
      if (c.overwrite) store(to, sums[row][v]);
      else if (c.kept == NULL) store(to, load(to) + sums[row][v]);
      else store(to, load(to) * c.kept[row] + sums[row][v]);
    }
}

/* How many vectors of a product's columns to take at a time, of so many that are left: never one alone beside three. */
static inline int64_t panelOf(int64_t vectors) { return vectors == 3 || vectors > 4 ? 3 : vectors > 1 ? 2 : vectors; }

/*
 * C [tileRows, vectors * lanes] from A [tileRows, steps] times B [steps, vectors * lanes], with a panel's vectors. Sums begin at zero and
 * are added to C whole: long sums then are sums of sums, and err less.
 */
__attribute__((always_inline)) static inline void tileProduct(LeftFactor a, const float *b, int64_t bStride, int64_t steps, TileSums c,
                                                              int64_t vectors) {
  if (vectors == 3) registerTile(3, a, b, bStride, steps, c);
  else if (vectors == 2) registerTile(2, a, b, bStride, steps, c);
  else registerTile(1, a, b, bStride, steps, c);
}

#endif
