/* Vectors of floats as wide as the target has them, in the compiler's own vector types. Knows nothing of kernels. */
#ifndef VECTOR_H
#define VECTOR_H

#include <stdint.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define vectorBytes 64
#elif defined(__AVX2__)
#define vectorBytes 32
#else
#define vectorBytes 16
#endif

enum { lanes = vectorBytes / 4 };

typedef float Vector __attribute__((vector_size(vectorBytes)));
typedef int32_t IntVector __attribute__((vector_size(vectorBytes)));

static inline Vector load(const float *from) {
  Vector v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline void store(float *to, Vector v) { memcpy(to, &v, sizeof v); }

static inline Vector broadcast(float x) { return x - (Vector){0}; }

/* The first `count` lanes, the others zero; reads nothing beyond them. 0 <= count <= lanes. */
static inline Vector loadPart(const float *from, int64_t count) {
  if (count == lanes) return load(from);
#if defined(__AVX512F__)
  return (Vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
  float whole[lanes] = {0};
  for (int64_t i = 0; i < count; i++) whole[i] = from[i];
  return load(whole);
#endif
}

static inline void storePart(float *to, Vector v, int64_t count) {
  if (count == lanes) {
    store(to, v);
    return;
  }
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)v);
#else
  for (int64_t i = 0; i < count; i++) to[i] = v[i];
#endif
}

/* As many lanes as there are, of `count` or more that are left. */
static inline Vector loadUpTo(const float *from, int64_t count) { return count >= lanes ? load(from) : loadPart(from, count); }

static inline void storeUpTo(float *to, Vector v, int64_t count) {
  if (count >= lanes) store(to, v);
  else storePart(to, v, count);
}

#endif
