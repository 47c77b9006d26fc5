/* AdamW and the sum of squares against plain loops in double. */
#include "../optimizer.h"

#include "kernel-check.h"

static void checkSum(int64_t count) {
  float *values = someFloats(count);
  double expected = 0;
  for (int64_t i = 0; i < count; i++) expected += (double)values[i] * values[i];
  double first = sumOfSquares(pools[0], values, count);
  if (fabs(first - expected) > 1e-12 * expected) {
    failures++;
    fprintf(stderr, "sumOfSquares of %d: %.15g, expected %.15g\n", (int)count, first, expected);
  }
  for (int turn = 1; turn < 2 * poolCount; turn++)
    if (sumOfSquares(pools[turn % poolCount], values, count) != first) {
      failures++;
      fprintf(stderr, "sumOfSquares of %d: not the same to the bit\n", (int)count);
    }
  if (count > 0) {
    values[count - 1] = -INFINITY;
    expectFloat("sumOfSquares", (float)sumOfSquares(pools[1], values, count), INFINITY);
    values[count / 2] = NAN;
    expectFloat("sumOfSquares", (float)sumOfSquares(pools[1], values, count), NAN);
  }
  free(values);
}

enum { weight, gradient, firstMoment, secondMoment, vectorCount };

static void scalarsAt(int step, double decay, double *scalars) {
  const double beta1 = 0.9, beta2 = 0.999, rate = 0.01;
  scalars[adamwBeta1] = beta1;
  scalars[adamwOneMinusBeta1] = 1 - beta1;
  scalars[adamwBeta2] = beta2;
  scalars[adamwOneMinusBeta2] = 1 - beta2;
  scalars[adamwKept] = 1 - rate * decay;
  scalars[adamwStepSize] = rate / (1 - pow(beta1, step));
  scalars[adamwRootScale] = 1 / sqrt(1 - pow(beta2, step));
  scalars[adamwEpsilon] = 1e-8;
  scalars[adamwGradientScale] = 0.37;
}

static void adamwInDouble(double *const *v, int64_t i, const double *scalars) {
  double g = v[gradient][i] * scalars[adamwGradientScale];
  v[firstMoment][i] = scalars[adamwBeta1] * v[firstMoment][i] + scalars[adamwOneMinusBeta1] * g;
  v[secondMoment][i] = scalars[adamwBeta2] * v[secondMoment][i] + scalars[adamwOneMinusBeta2] * g * g;
  double divisor = sqrt(v[secondMoment][i]) * scalars[adamwRootScale] + scalars[adamwEpsilon];
  v[weight][i] = v[weight][i] * scalars[adamwKept] - scalars[adamwStepSize] * v[firstMoment][i] / divisor;
}

/* Three steps from zero moments, on each pool. */
static void checkAdamw(int64_t count, double decay) {
  float *start = someFloats(count), *vectors[poolCount][vectorCount];
  double *expected[vectorCount];
  for (int v = 0; v < vectorCount; v++) {
    expected[v] = calloc((size_t)count + 1, sizeof(double));
    for (int p = 0; p < poolCount; p++) vectors[p][v] = calloc((size_t)count, sizeof(float));
  }
  for (int p = 0; p < poolCount; p++) memcpy(vectors[p][weight], start, (size_t)count * sizeof(float));
  for (int64_t i = 0; i < count; i++) expected[weight][i] = start[i];
  for (int step = 1; step <= 3; step++) {
    double scalars[adamwScalarCount];
    scalarsAt(step, decay, scalars);
    for (int64_t i = 0; i < count; i++) {
      float g = (float)chance();
      expected[gradient][i] = g;
      for (int p = 0; p < poolCount; p++) vectors[p][gradient][i] = g;
      adamwInDouble(expected, i, scalars);
    }
    for (int p = 0; p < poolCount; p++) {
      float **v = vectors[p];
      adamw(pools[p], v[weight], v[gradient], v[firstMoment], v[secondMoment], count, scalars);
    }
  }
  for (int v = 0; v < vectorCount; v++) {
    expectNear("adamw", vectors[0][v], expected[v], count, 3e-7);
    for (int p = 1; p < poolCount; p++) expectSame("adamw", vectors[p][v], vectors[0][v], count);
  }
  for (int v = 0; v < vectorCount; v++) {
    free(expected[v]);
    for (int p = 0; p < poolCount; p++) free(vectors[p][v]);
  }
  free(start);
}

/* A gradient that is not a number spoils its own weight alone, and a zero one leaves it. */
static void checkSpecials(void) {
  float w[] = {1, 2, 3, 4}, g[] = {NAN, 0, INFINITY, 1}, m[4] = {0}, v[4] = {0};
  double scalars[adamwScalarCount];
  scalarsAt(1, 0, scalars);
  adamw(pools[0], w, g, m, v, 4, scalars);
  expectFloat("adamw of NaN", w[0], NAN);
  expectFloat("adamw of zero", w[1], 2);
  expectFloat("adamw of infinity", w[2], NAN);
  expectFloat("adamw beside a NaN", fabsf(w[3] - 3.99f) < 1e-6f, 1);
}

int main(void) {
  openPools();
  const int64_t counts[] = {0, 1, 2, 15, 16, 17, 63, 65, 16384, 16387, 65535, 65537, 200003};
  for (int i = 0; i < 13; i++) {
    checkSum(counts[i]);
    checkAdamw(counts[i], i % 2 * 0.1);
  }
  checkSum(64 * 65536 + 70001);
  checkSpecials();
  closePools();
  return outcome("optimizer");
}
