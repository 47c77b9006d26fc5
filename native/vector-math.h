/*
 * exp, the logistic function, the normal distribution, and with them the activations, on vectors. Knows nothing of kernels.
 *
 * NaN stays NaN, and at the infinities the limits come out. Results below the smallest normal number may be zero.
 */
#ifndef VECTOR_MATH_H
#define VECTOR_MATH_H

#include "deadweight.h"
#include "vector.h"

/* The smaller and the larger of the two, x where one is NaN. */
static inline Vector minimum(Vector x, Vector y) {
#if defined(__AVX512F__)
  return (Vector)_mm512_min_ps((__m512)y, (__m512)x);
#elif defined(__AVX2__)
  return (Vector)_mm256_min_ps((__m256)y, (__m256)x);
#else
  IntVector below = y < x;
  return (Vector)((below & (IntVector)y) | (~below & (IntVector)x));
#endif
}

static inline Vector maximum(Vector x, Vector y) {
#if defined(__AVX512F__)
  return (Vector)_mm512_max_ps((__m512)y, (__m512)x);
#elif defined(__AVX2__)
  return (Vector)_mm256_max_ps((__m256)y, (__m256)x);
#else
  IntVector above = y > x;
  return (Vector)((above & (IntVector)y) | (~above & (IntVector)x));
#endif
}

/* Bounds; NaN passes. */
static inline Vector atMost(float bound, Vector x) { return minimum(x, broadcast(bound)); }
static inline Vector atLeast(float bound, Vector x) { return maximum(x, broadcast(bound)); }

/* By the sign bit of x. */
static inline Vector whereNegative(Vector x, Vector negative, Vector positive) {
#if defined(__AVX512F__)
  return (Vector)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)x), (__m512)positive, (__m512)negative);
#elif defined(__AVX2__)
  return (Vector)_mm256_blendv_ps((__m256)positive, (__m256)negative, (__m256)x);
#else
  IntVector mask = (IntVector)x >> 31;
  return (Vector)((mask & (IntVector)negative) | (~mask & (IntVector)positive));
#endif
}

static inline Vector magnitude(Vector x) { return (Vector)((IntVector)x & 0x7fffffff); }

/* Always in the same order. */
static inline float vectorSum(Vector v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps((__m512)v);
#else
  float values[lanes];
  store(values, v);
  for (int half = lanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) values[i] += values[i + half];
  return values[0];
#endif
}

/* To about 1e-7 of the result: e^x = 2^n e^r, |r| <= ln 2 / 2. The polynomial is minimax, 3e-9. */
static inline Vector vectorExp(Vector x) {
  /* 1.5 x 2^23: added to a number it leaves the nearest whole one in the lowest bits. */
  const float whole = 12582912;
  Vector bounded = atLeast(-104, atMost(89, x));
  Vector shifted = bounded * 1.44269504f + whole, n = shifted - whole;
  /* ln 2 in two parts, the first so short that n times it is exact. */
  Vector r = bounded - n * 0.693359375f + n * 2.12194440e-4f;
  Vector p = r * 1.38146105e-3f + 8.36871113e-3f;
  p = p * r + 4.16683875e-2f;
  p = p * r + 1.66665207e-1f;
  p = p * r + 4.99999935e-1f;
  p = p * (r * r) + r + 1;
#if defined(__AVX512F__)
  return (Vector)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
  /* 2^n in two factors: n reaches beyond the range of exponents on both sides. */
  IntVector exponent = (IntVector)shifted - (IntVector)broadcast(whole);
  IntVector half = exponent >> 1;
  return p * (Vector)((half + 127) << 23) * (Vector)((exponent - half + 127) << 23);
#endif
}

/* s(x) = 1 / (1 + e^-x), and its slope s (1 - s) without cancellation. */
static inline Vector logisticAndSlope(Vector x, Vector *slope) {
  Vector e = vectorExp(-magnitude(x));
  Vector larger = 1 / (1 + e);
  Vector smaller = e * larger;
  *slope = smaller * larger;
  return whereNegative(x, smaller, larger);
}

static inline Vector vectorLogistic(Vector x) {
  Vector slope;
  return logisticAndSlope(x, &slope);
}

/*
 * Phi(x), and its slope, the density e^(-x^2 / 2) / sqrt(2 pi). With t = 1 / (1 + 0.3 |x|), Phi(-|x|) e^(x^2 / 2) is a polynomial in t:
 * minimax, to 3e-8 of the result for |x| < 3, rising to 2e-6 at 9. It grows an error of t by 2.7, so that t is refined once.
 */
static inline Vector normalAndSlope(Vector x, Vector *slope) {
  Vector e = vectorExp(x * x * -0.5f);
  Vector a = atMost(1e4f, magnitude(x)), d = 1 + 0.3f * a, t = 1 / d;
  t += t * (1 - d * t - t * (0.3f * a - (d - 1)));
  Vector p = t * 3.59991625e-2f - 1.57791026e-1f;
  p = p * t + 2.05706331e-1f;
  p = p * t - 5.11250541e-2f;
  p = p * t + 1.25849337e-1f;
  p = p * t + 1.01283582e-1f;
  p = p * t + 1.20415681e-1f;
  p = p * t + 1.19661946e-1f;
  Vector tail = p * t * e;
  *slope = e * 0.398942280f;
  return whereNegative(x, tail, 1 - tail);
}

/*
 * y = x F(x), y' = F + x F' of any activation. F and F' vanish well before `reach` below zero, F' above it too; x is held there, since
 * infinity times zero is NaN. Constant in `which`, and free of what is not used.
 */
__attribute__((always_inline)) static inline Vector activationAndSlope(Activation which, Vector x, Vector *slope) {
  const float a = 1.59576912f, b = 0.044715f * 1.59576912f;
  const float reach = which == activationSilu ? 104 : 20;
  Vector held = atLeast(-reach, x), inner = atMost(reach, held);
  Vector gate, gateSlope;
  switch (which) {
    case activationGeluTanh:
      gate = logisticAndSlope(x * (a + b * (x * x)), &gateSlope);
      gateSlope *= a + 3 * b * (inner * inner);
      break;
    case activationGelu:
      gate = normalAndSlope(x, &gateSlope);
      break;
    case activationSilu:
      gate = logisticAndSlope(x, &gateSlope);
      break;
    default:
      *slope = broadcast(1);
      return x;
  }
  *slope = gate + inner * gateSlope;
  return held * gate;
}

__attribute__((always_inline)) static inline Vector activate(Activation which, Vector x) {
  Vector slope;
  return activationAndSlope(which, x, &slope);
}

__attribute__((always_inline)) static inline Vector activationSlope(Activation which, Vector x) {
  Vector slope;
  activationAndSlope(which, x, &slope);
  return slope;
}

#endif
