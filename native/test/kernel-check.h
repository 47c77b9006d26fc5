/* Runs a kernel with several numbers of threads and sees that nothing hangs on them. Knows no kernel. */
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include "../deadweight.h"
#include "../denormals.h"
#include "../pool.h"
#include "check.h"

/* On a heap block that ends with the last row's last element. */
typedef struct {
  float *data;
  int64_t rows, n, stride;
} Matrix;

static inline int64_t heldBy(Matrix m) { return m.rows > 0 ? (m.rows - 1) * m.stride + m.n : 0; }

static inline Matrix someMatrix(int64_t rows, int64_t n, int64_t stride) {
  Matrix m = {NULL, rows, n, stride};
  m.data = someFloats(heldBy(m));
  return m;
}

static inline float *at(Matrix m, int64_t row, int64_t column) { return m.data + row * m.stride + column; }

static inline Operand operandOf(Matrix m) { return (Operand){m.data, m.stride}; }

enum { poolCount = 3 };
static Pool *pools[poolCount];

static inline void openPools(void) {
  /* As the library does it: else the caller's thread would differ from the others. */
  flushDenormals();
  for (int i = 0; i < poolCount; i++) pools[i] = poolOpen(i + 1);
}

static inline void closePools(void) {
  for (int i = 0; i < poolCount; i++) poolClose(pools[i]);
}

static inline void expectPadding(const char *what, Matrix m, const float *before) {
  for (int64_t r = 0; r + 1 < m.rows; r++)
    expectSame(what, at(m, r, m.n), before + r * m.stride + m.n, m.stride - m.n);
}

/* With 1, 2, and 3 threads, twice each, from the same content of the output; leaves the last result, and the gaps between rows alone. */
static inline void runKernel(const char *what, Kernel *kernel, const Instruction *instruction, const Matrix *outputs, int outputCount) {
  float *before[operandCount], *first[operandCount];
  for (int i = 0; i < outputCount; i++) {
    before[i] = someFloats(heldBy(outputs[i]));
    first[i] = someFloats(heldBy(outputs[i]));
    memcpy(before[i], outputs[i].data, (size_t)heldBy(outputs[i]) * sizeof(float));
  }
  for (int turn = 0; turn < 2 * poolCount; turn++) {
    for (int i = 0; i < outputCount; i++) memcpy(outputs[i].data, before[i], (size_t)heldBy(outputs[i]) * sizeof(float));
    if (!kernel(instruction, pools[turn % poolCount])) {
      failures++;
      fprintf(stderr, "%s: no memory\n", what);
    }
    for (int i = 0; i < outputCount; i++) {
      if (turn == 0) memcpy(first[i], outputs[i].data, (size_t)heldBy(outputs[i]) * sizeof(float));
      expectSame(what, outputs[i].data, first[i], heldBy(outputs[i]));
    }
  }
  for (int i = 0; i < outputCount; i++) {
    expectPadding(what, outputs[i], before[i]);
    free(before[i]);
    free(first[i]);
  }
}

/* Value by value |actual - expected| <= tolerance x size, the size being that of the terms that may have cancelled; both are dense. */
static inline void expectMatrix(const char *what, Matrix m, const double *expected, const double *sizes, double tolerance) {
  double worst = 0;
  for (int64_t i = 0; i < m.rows * m.n; i++) {
    double difference = fabs(*at(m, i / m.n, i % m.n) - expected[i]);
    double relative = difference == 0 ? 0 : difference / sizes[i];
    if (!(relative <= worst)) worst = isnan(relative) ? INFINITY : relative;
  }
  if (worst <= tolerance) return;
  failures++;
  fprintf(stderr, "%s [%d, %d] of stride %d: %.2e, allowed %.2e\n", what, (int)m.rows, (int)m.n, (int)m.stride, worst, tolerance);
}

/* Zeros. */
static inline double *doubles(int64_t count) { return calloc((size_t)(count > 0 ? count : 1), sizeof(double)); }

/* Equal as numbers, or both NaN. */
static inline void expectFloat(const char *what, float actual, double expected) {
  if (actual == (float)expected || (isnan(actual) && isnan(expected))) return;
  failures++;
  fprintf(stderr, "%s: %g, expected %g\n", what, actual, expected);
}

#endif
