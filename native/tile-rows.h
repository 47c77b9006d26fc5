/* Rows of any width brought into cache as whole vectors, out of it again, and transposed there. Knows nothing of what they hold. */
#ifndef TILE_ROWS_H
#define TILE_ROWS_H

#include "tile-product.h"
#include "vector-math.h"

static inline int64_t roundUp(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/* `count` rows times a factor, each as whole vectors, zero beyond the width. @returns whether all values are finite. */
static inline bool packRows(const float *from, int64_t stride, int64_t count, int64_t width, float factor, float *to) {
  Vector spoilt = {0};
  for (int64_t row = 0; row < count; row++, from += stride)
    for (int64_t i = 0; i < width; i += lanes, to += lanes) {
      Vector x = loadUpTo(from + i, width - i);
      spoilt += x * 0;
      store(to, x * factor);
    }
  return vectorSum(spoilt) == 0;
}

static inline void unpackRows(const float *from, int64_t count, int64_t width, float factor, float *to, int64_t stride) {
  for (int64_t row = 0; row < count; row++, to += stride)
    for (int64_t i = 0; i < width; i += lanes, from += lanes) storeUpTo(to + i, load(from) * factor, width - i);
}

#if defined(__clang__)
#define shuffle(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define shuffle(a, b, ...) __builtin_shuffle(a, b, (IntVector){__VA_ARGS__})
#endif

/* Of two vectors, the first halves and the second halves, element by element in turn. */
#if defined(__AVX512F__)
#define firstHalves 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define secondHalves 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define firstHalves 0, 8, 1, 9, 2, 10, 3, 11
#define secondHalves 4, 12, 5, 13, 6, 14, 7, 15
#else
#define firstHalves 0, 4, 1, 5
#define secondHalves 2, 6, 3, 7
#endif

/* Shuffling the upper half of the rows into the lower, log2(lanes) times, moves the bits of the row's number into the column's. */
static inline void transposeSquare(const float *from, int64_t stride, float *to, int64_t toStride) {
  Vector square[lanes], next[lanes];
  unrolled for (int i = 0; i < lanes; i++) square[i] = load(from + i * stride);
  unrolled for (int rows = lanes; rows > 1; rows /= 2) {
    unrolled for (int i = 0; i < lanes / 2; i++) {
      next[2 * i] = shuffle(square[i], square[i + lanes / 2], firstHalves);
      next[2 * i + 1] = shuffle(square[i], square[i + lanes / 2], secondHalves);
    }
    unrolled for (int i = 0; i < lanes; i++) square[i] = next[i];
  }
  unrolled for (int i = 0; i < lanes; i++) store(to + i * toStride, square[i]);
}

/* [count, width], both whole vectors, to [width, toStride]. */
static inline void transposeRows(const float *from, int64_t count, int64_t width, float *to, int64_t toStride) {
  for (int64_t row = 0; row < count; row += lanes)
    for (int64_t i = 0; i < width; i += lanes) transposeSquare(from + row * width + i, width, to + i * toStride + row, toStride);
}

#endif
