/*
 * The words of which packed factors consist, read from float32 matrices. Knows nothing of tiles or panels.
 *
 * A word is 32 bits: one element, as it is or rounded to bfloat16; or a pair of bfloat16 that follow one another along the sum, the first
 * in the low half. Whatever lies outside of the matrix reads as zero and is not touched.
 */
#ifndef WORDS_H
#define WORDS_H

#include "vector.h"

typedef enum { wordFloat, wordRounded, wordPair } Word;

static inline int64_t elementsPerWord(Word word) { return word == wordPair ? 2 : 1; }

/* A matrix from some element on: `rows` and `columns` are left of it, perhaps none. */
typedef struct {
  const float *data;
  int64_t stride, rows, columns;
} Source;

static inline Source sourceAt(Source s, int64_t row, int64_t column) {
  return (Source){s.data + row * s.stride + column, s.stride, s.rows - row, s.columns - column};
}

/* The first elements of the source's first row. */
static inline Vector loadWithin(Source s) {
  int64_t count = s.rows > 0 ? s.columns : 0;
  if (count >= lanes) return load(s.data);
  return count > 0 ? loadPart(s.data, count) : (Vector){0};
}

/* To the nearest bfloat16, ties to even, still as float32. NaN stays NaN. */
static inline Vector roundToBfloat16(Vector x) {
  IntVector bits = (IntVector)x;
  IntVector rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & ~0xffff;
  IntVector isNumber = x == x;
  return (Vector)((rounded & isNumber) | (((bits | 0x400000) & ~0xffff) & ~isNumber));
}

#if defined(__AVX512BF16__)
/* `first` and `second` follow one another in a row: neighbours make a word. */
static inline Vector pairsAlong(Vector first, Vector second) {
  return (Vector)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first);
}

/* Elements of two rows, one below the other, make a word. */
static inline Vector pairsAcross(Vector upper, Vector lower) {
  __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)upper));
  __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)lower));
  return (Vector)_mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}
#endif

/* `lanes` words of the source's first row, the sum running along it. */
__attribute__((always_inline)) static inline Vector wordsAlong(const Word word, Source s) {
  if (word == wordFloat) return loadWithin(s);
#if defined(__AVX512BF16__)
  if (word == wordPair) return pairsAlong(loadWithin(s), loadWithin(sourceAt(s, 0, lanes)));
#endif
  return roundToBfloat16(loadWithin(s));
}

/* One word of each of the source's first `lanes` columns, the sum running down them. */
__attribute__((always_inline)) static inline Vector wordsAcross(const Word word, Source s) {
  if (word == wordFloat) return loadWithin(s);
#if defined(__AVX512BF16__)
  if (word == wordPair) return pairsAcross(loadWithin(s), loadWithin(sourceAt(s, 1, 0)));
#endif
  return roundToBfloat16(loadWithin(s));
}

#endif
