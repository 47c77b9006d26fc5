/*
 * Copies factors of a product into the layouts that the micro-kernel reads, turned where they lie the other way. Knows nothing of blocks or
 * threads.
 */
#ifndef PACK_H
#define PACK_H

#include "words.h"

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define shuffle(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#endif
#endif
#if !defined(shuffle)
#define shuffle(a, b, ...) __builtin_shuffle(a, b, (IntVector){__VA_ARGS__})
#endif

#if defined(__AVX512F__)
#define lowerHalves 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define upperHalves 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define lowerHalves 0, 8, 1, 9, 2, 10, 3, 11
#define upperHalves 4, 12, 5, 13, 6, 14, 7, 15
#else
#define lowerHalves 0, 4, 1, 5
#define upperHalves 2, 6, 3, 7
#endif

/* Rows become columns: each round of interleaving turns one bit of the row number into one of the column number. */
static inline void transposeSquare(Vector rows[lanes]) {
#pragma GCC unroll 4
  for (int round = 1; round < lanes; round *= 2) {
    Vector next[lanes];
#pragma GCC unroll 8
    for (int i = 0; i < lanes / 2; i++) {
      next[2 * i] = shuffle(rows[i], rows[i + lanes / 2], lowerHalves);
      next[2 * i + 1] = shuffle(rows[i], rows[i + lanes / 2], upperHalves);
    }
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++) rows[i] = next[i];
  }
}

/* to [rows, words]: the words along each of the source's rows. Writes whole vectors. */
__attribute__((always_inline)) static inline void packAlong(const Word word, Source source, int64_t rows, int64_t words, float *to,
                                                            int64_t toStride) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t w = 0; w < words; w += lanes)
      store(to + i * toStride + w, wordsAlong(word, sourceAt(source, i, w * elementsPerWord(word))));
}

/* to [words, columns]: the words down each of the source's columns. Writes whole vectors. */
__attribute__((always_inline)) static inline void packAcross(const Word word, Source source, int64_t words, int64_t columns, float *to,
                                                             int64_t toStride) {
  for (int64_t w = 0; w < words; w++)
    for (int64_t j = 0; j < columns; j += lanes)
      store(to + w * toStride + j, wordsAcross(word, sourceAt(source, w * elementsPerWord(word), j)));
}

/* to [words, rows]: packAlong, turned. Writes whole squares. */
__attribute__((always_inline)) static inline void packAlongTurned(const Word word, Source source, int64_t rows, int64_t words, float *to,
                                                                  int64_t toStride) {
  for (int64_t w = 0; w < words; w += lanes)
    for (int64_t i = 0; i < rows; i += lanes) {
      Vector square[lanes];
      for (int j = 0; j < lanes; j++) square[j] = wordsAlong(word, sourceAt(source, i + j, w * elementsPerWord(word)));
      transposeSquare(square);
      for (int j = 0; j < lanes; j++) store(to + (w + j) * toStride + i, square[j]);
    }
}

/* to [columns, words]: packAcross, turned. Writes whole squares. */
__attribute__((always_inline)) static inline void packAcrossTurned(const Word word, Source source, int64_t words, int64_t columns,
                                                                   float *to, int64_t toStride) {
  for (int64_t w = 0; w < words; w += lanes)
    for (int64_t i = 0; i < columns; i += lanes) {
      Vector square[lanes];
      for (int j = 0; j < lanes; j++) square[j] = wordsAcross(word, sourceAt(source, (w + j) * elementsPerWord(word), i));
      transposeSquare(square);
      for (int j = 0; j < lanes; j++) store(to + (i + j) * toStride + w, square[j]);
    }
}

#endif
