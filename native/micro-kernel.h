/*
 * The innermost product: one tile of C as a sum over packed factors, its sums held in registers. Knows nothing of strides, edges, or of
 * what follows.
 *
 * Of A, the words of a row lie together and rows are `rowStride` words apart; of B, the words of `tileColumns` columns at one step of the
 * sum lie together.
 */
#ifndef MICRO_KERNEL_H
#define MICRO_KERNEL_H

#include "words.h"

#if defined(__clang__)
#define unrollFully _Pragma("clang loop unroll(full)")
#else
#define unrollFully _Pragma("GCC unroll 16")
#endif

/* As many rows as leave registers for two vectors of B and one of A. */
#if defined(__AVX512F__)
enum { kernelRows = 14 };
#elif defined(__aarch64__)
enum { kernelRows = 12 };
#else
enum { kernelRows = 6 };
#endif

/* The stride puts the rows of a tile into different sets of the first-level cache. */
enum { tileColumns = 2 * lanes, maximumDepth = 512, rowStride = maximumDepth + 16 };

/* The same word in every lane, to the bit. */
static inline Vector broadcastWord(const Word word, const float *at) {
  if (word != wordPair) return broadcast(*at);
  int32_t bits;
  memcpy(&bits, at, sizeof bits);
  return (Vector)(bits - (IntVector){0});
}

static inline Vector multiplyAdd(const Word word, Vector sum, Vector a, Vector b) {
#if defined(__AVX512BF16__)
  if (word == wordPair) return (Vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#endif
  (void)word;
  return sum + a * b;
}

__attribute__((always_inline)) static inline void microKernel(const Word word, const int rows, int64_t depth, const float *a,
                                                              const float *b, float *sums) {
  Vector sum[kernelRows][2];
  unrollFully for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (Vector){0};
  for (int64_t k = 0; k < depth; k++) {
    Vector left = load(b + k * tileColumns);
    Vector right = load(b + k * tileColumns + lanes);
    unrollFully for (int i = 0; i < rows; i++) {
      Vector factor = broadcastWord(word, a + i * rowStride + k);
      sum[i][0] = multiplyAdd(word, sum[i][0], factor, left);
      sum[i][1] = multiplyAdd(word, sum[i][1], factor, right);
    }
  }
  unrollFully for (int i = 0; i < rows; i++) {
    store(sums + i * tileColumns, sum[i][0]);
    store(sums + i * tileColumns + lanes, sum[i][1]);
  }
}

/* sums [rows, tileColumns] = A [rows, depth] B [depth, tileColumns], depth in words, 1 <= rows <= kernelRows. */
__attribute__((always_inline)) static inline void tileProduct(const Word word, int64_t rows, int64_t depth, const float *a,
                                                              const float *b, float *sums) {
  switch (rows) {
#define withRows(n) \
  case n: \
    if (n <= kernelRows) microKernel(word, n, depth, a, b, sums); \
    return;
    withRows(1) withRows(2) withRows(3) withRows(4) withRows(5) withRows(6) withRows(7)
    withRows(8) withRows(9) withRows(10) withRows(11) withRows(12) withRows(13) withRows(14)
#undef withRows
  }
}

#endif
