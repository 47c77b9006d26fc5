/*
 * The innermost product: one tile of C as a sum over packed factors, its sums held in registers. Knows nothing of strides, edges, or of
 * what follows.
 *
 * Of A, the words of a row lie together and rows are `rowStride` words apart; of B, the words of `tileColumns` columns at one step of the
 * sum lie together.
 */
#ifndef MICRO_KERNEL_H
#define MICRO_KERNEL_H

#include "unroll.h"
#include "words.h"

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
static inline Vector broadcastWord(const float *at) {
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
      Vector factor = broadcastWord(a + i * rowStride + k);
      sum[i][0] = multiplyAdd(word, sum[i][0], factor, left);
      sum[i][1] = multiplyAdd(word, sum[i][1], factor, right);
    }
  }
  unrollFully for (int i = 0; i < rows; i++) {
    store(sums + i * tileColumns, sum[i][0]);
    store(sums + i * tileColumns + lanes, sum[i][1]);
  }
}

/* Functions of their own, each for one number of rows: inlined, their sums would compete for registers with all around them. */
typedef void MicroKernel(int64_t depth, const float *a, const float *b, float *sums);
#define forEachHeight(what) \
  what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10) what(11) what(12) what(13) what(14)
#define defineKernel(name, word, rows) \
  __attribute__((noinline)) static void name(int64_t depth, const float *a, const float *b, float *sums) { \
    microKernel(word, rows <= kernelRows ? rows : 1, depth, a, b, sums); \
  }
#define ofFloats(rows) defineKernel(sumFloats##rows, wordFloat, rows)
#define ofPairs(rows) defineKernel(sumPairs##rows, wordPair, rows)
#define floatsEntry(rows) sumFloats##rows,
#define pairsEntry(rows) sumPairs##rows,

forEachHeight(ofFloats)
static MicroKernel *const floatKernels[] = {forEachHeight(floatsEntry)};
#if defined(__AVX512BF16__)
forEachHeight(ofPairs)
static MicroKernel *const pairKernels[] = {forEachHeight(pairsEntry)};
#endif

/* sums [rows, tileColumns] = A [rows, depth] B [depth, tileColumns], depth in words, 1 <= rows <= kernelRows. */
static inline void tileProduct(Word word, int64_t rows, int64_t depth, const float *a, const float *b, float *sums) {
#if defined(__AVX512BF16__)
  if (word == wordPair) {
    pairKernels[rows - 1](depth, a, b, sums);
    return;
  }
#endif
  (void)word;
  floatKernels[rows - 1](depth, a, b, sums);
}

#endif
