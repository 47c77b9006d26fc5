/* What the kernel tests share: chance from a seed, comparison with an oracle in double, a count of failures. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static uint64_t chanceState = 1;

/* Uniform in [-1, 1). Steele, Lea & Flood 2014 (SplitMix64). */
static inline double chance(void) {
  uint64_t z = (chanceState += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)(int64_t)(z ^ (z >> 31)) / 9223372036854775808.0;
}

/* Exactly `count` floats on a heap block of their own, so that a step outside of it is seen by a sanitizer. */
static inline float *someFloats(int64_t count) {
  float *values = malloc((size_t)count * sizeof(float));
  for (int64_t i = 0; i < count; i++) values[i] = (float)chance();
  return values;
}

/* |a - b| / |b| in the 2-norm must stay below the tolerance; where b is zero, |a|. */
static inline void expectNear(const char *what, const float *actual, const double *expected, int64_t count, double tolerance) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < count; i++) {
    double d = (double)actual[i] - expected[i];
    difference += d * d;
    norm += expected[i] * expected[i];
  }
  double relative = sqrt(difference) / (norm > 0 ? sqrt(norm) : 1);
  if (relative <= tolerance) return;
  failures++;
  fprintf(stderr, "%s: relative difference %.2e, allowed %.2e\n", what, relative, tolerance);
}

static inline void expectSame(const char *what, const float *actual, const float *expected, int64_t count) {
  if (memcmp(actual, expected, (size_t)count * sizeof(float)) == 0) return;
  failures++;
  fprintf(stderr, "%s: not the same to the bit\n", what);
}

static inline int outcome(const char *name) {
  if (failures == 0) fprintf(stderr, "%s: passed\n", name);
  return failures == 0 ? 0 : 1;
}

#endif
