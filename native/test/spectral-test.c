/* The kernels of a scan against plain loops, on exactly the memory that they may touch. */
#include "../spectral/gram.h"
#include "../spectral/held.h"
#include "../spectral/moments.h"
#include "../spectral/rational-ql.h"
#include "../spectral/tridiagonal.h"
#include "check.h"

static void expectClose(const char *what, double actual, double expected, double scale, double tolerance) {
  if (fabs(actual - expected) <= tolerance * scale) return;
  failures++;
  fprintf(stderr, "%s: %.17g, expected %.17g\n", what, actual, expected);
}

static int64_t strideOf(int64_t n) { return (n + gramStride - 1) / gramStride * gramStride; }

static double entry(const void *data, int isDouble, int64_t at) { return isDouble ? ((const double *)data)[at] : ((const float *)data)[at]; }

static void checkProducts(int64_t n, int64_t count, int64_t depth, int isDouble, int byColumns, int single) {
  int64_t stride = strideOf(n), length = n * count;
  void *data = malloc((size_t)length * (isDouble ? sizeof(double) : sizeof(float)));
  for (int64_t i = 0; i < length; i++) {
    if (isDouble) ((double *)data)[i] = chance();
    else ((float *)data)[i] = (float)chance();
  }
  double *gram = calloc((size_t)(stride * stride), sizeof(double)), *start = malloc((size_t)(stride * stride) * sizeof(double));
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) gram[i * stride + j] = chance();
  memcpy(start, gram, (size_t)(stride * stride) * sizeof(double));
  void *panel = malloc((size_t)(stride * depth) * (single ? sizeof(float) : sizeof(double)));
  Vectors x = {data, isDouble, byColumns, n, count, 0.5};
  if (single) addProductsSingle(x, gram, stride, panel, depth);
  else addProducts(x, gram, stride, panel, depth);
  char what[100];
  snprintf(what, sizeof what, "products of %d vectors of %d%s%s%s", (int)count, (int)n, isDouble ? ", double" : "",
           byColumns ? ", by columns" : "", single ? ", single" : "");
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i; j < n; j++) {
      double sum = start[i * stride + j];
      for (int64_t k = 0; k < count; k++)
        sum += 0.25 * entry(data, isDouble, byColumns ? i * count + k : k * n + i) *
               entry(data, isDouble, byColumns ? j * count + k : k * n + j);
      expectClose(what, gram[i * stride + j], sum, (double)count, single ? 1e-6 : 1e-15);
    }
  for (int64_t i = 0; i < stride; i++)
    for (int64_t j = i < n ? n : 0; j < stride; j++) expectClose("beyond the sum", gram[i * stride + j], 0, 1, 0);
  free(data);
  free(gram);
  free(start);
  free(panel);
}

/* The traces of the first four powers of a symmetric matrix: what eigenvalues it has. */
static void traces(const double *a, int64_t n, double *trace) {
  double *square = calloc((size_t)(n * n), sizeof(double));
  for (int64_t i = 0; i < n; i++)
    for (int64_t k = 0; k < n; k++)
      for (int64_t j = 0; j < n; j++) square[i * n + j] += a[i * n + k] * a[k * n + j];
  memset(trace, 0, 4 * sizeof(double));
  for (int64_t i = 0; i < n; i++) {
    trace[0] += a[i * n + i];
    trace[1] += square[i * n + i];
    for (int64_t j = 0; j < n; j++) {
      trace[2] += square[i * n + j] * a[j * n + i];
      trace[3] += square[i * n + j] * square[j * n + i];
    }
  }
  free(square);
}

/* `rank` vectors; the last kind is diagonal already. */
static void checkReduction(int64_t n, int64_t rank) {
  int64_t stride = strideOf(n);
  double *a = malloc((size_t)(stride * stride) * sizeof(double)), *whole = calloc((size_t)(n * n), sizeof(double));
  /* What lies outside of the upper triangle does not matter, so long as it is finite, and zero to the right. */
  for (int64_t i = 0; i < stride * stride; i++) a[i] = i % stride < n ? chance() : 0;
  for (int64_t r = 0; r < rank; r++) {
    double *vector = malloc((size_t)n * sizeof(double));
    for (int64_t i = 0; i < n; i++) vector[i] = chance() / sqrt((double)n);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) whole[i * n + j] += vector[i] * vector[j];
    free(vector);
  }
  if (rank == 0)
    for (int64_t i = 0; i < n; i++) whole[i * n + i] = chance();
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i; j < n; j++) a[i * stride + j] = whole[i * n + j];
  double *diagonal = malloc((size_t)n * sizeof(double)), *offDiagonal = malloc((size_t)n * sizeof(double));
  double *scratch = malloc((size_t)reductionScratch(stride) * sizeof(double));
  reduceToTridiagonal(a, n, stride, diagonal, offDiagonal, scratch);
  double *tridiagonal = calloc((size_t)(n * n), sizeof(double)), expected[4], actual[4];
  for (int64_t i = 0; i < n; i++) {
    tridiagonal[i * n + i] = diagonal[i];
    if (i + 1 < n) tridiagonal[i * n + i + 1] = tridiagonal[(i + 1) * n + i] = offDiagonal[i];
  }
  expectClose("the last coupling", offDiagonal[n - 1], 0, 1, 0);
  traces(whole, n, expected);
  traces(tridiagonal, n, actual);
  char what[100];
  if (!tridiagonalEigenvalues(diagonal, offDiagonal, n)) {
    failures++;
    fprintf(stderr, "no convergence, %d x %d of rank %d\n", (int)n, (int)n, (int)rank);
  }
  double powers[4] = {0};
  for (int64_t i = 0; i < n; i++)
    for (int power = 0; power < 4; power++) powers[power] += pow(diagonal[i], power + 1);
  for (int power = 0; power < 4; power++) {
    snprintf(what, sizeof what, "sum of eigenvalues to the power %d, %d x %d of rank %d", power + 1, (int)n, (int)n, (int)rank);
    expectClose(what, powers[power], expected[power], (double)n, 1e-14);
    snprintf(what, sizeof what, "trace of power %d, %d x %d of rank %d", power + 1, (int)n, (int)n, (int)rank);
    expectClose(what, actual[power], expected[power], (double)n, 1e-14);
  }
  free(a);
  free(whole);
  free(diagonal);
  free(offDiagonal);
  free(scratch);
  free(tridiagonal);
}

static void checkHeld(int64_t rows, int64_t stride) {
  float *w = someFloats(rows * stride), *x = someFloats(stride * blockWidth), *y = someFloats(stride * blockWidth);
  float *scratch = someFloats(2 * blockWidth * stride);
  double *expected = calloc((size_t)(stride * blockWidth), sizeof(double));
  for (int64_t k = 0; k < rows; k++)
    for (int p = 0; p < blockWidth; p++) {
      double product = 0;
      for (int64_t j = 0; j < stride; j++) product += (double)w[k * stride + j] * x[j * blockWidth + p];
      for (int64_t j = 0; j < stride; j++) expected[j * blockWidth + p] += (double)w[k * stride + j] * product;
    }
  gramTimes(w, rows, stride, x, y, scratch);
  char what[100];
  snprintf(what, sizeof what, "Gram product with %d x %d", (int)rows, (int)stride);
  expectNear(what, y, expected, stride * blockWidth, 1e-6);
  free(w);
  free(x);
  free(y);
  free(scratch);
  free(expected);
}

static void checkMoments(int64_t count, int isDouble) {
  void *entries = malloc((size_t)count * (isDouble ? sizeof(double) : sizeof(float)));
  long double sum = 0, powers[5] = {0};
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    if (isDouble) ((double *)entries)[i] = 3 + chance();
    else ((float *)entries)[i] = (float)(chance() - 3);
    sum += entry(entries, isDouble, i);
    largest = fmax(largest, fabs(entry(entries, isDouble, i)));
  }
  for (int64_t i = 0; i < count; i++)
    for (int power = 2; power < 5; power++) powers[power] += powl(entry(entries, isDouble, i) - sum / count, power);
  Moments found = momentsOf(entries, isDouble, count);
  expectClose("sum", found.sum, (double)sum, (double)count, 1e-14);
  expectClose("m2", found.m2, (double)powers[2], (double)count, 1e-14);
  expectClose("m3", found.m3, (double)powers[3], (double)count, 1e-14);
  expectClose("m4", found.m4, (double)powers[4], (double)count, 1e-14);
  expectClose("largest", largestOf(entries, isDouble, count), largest, 1, 0);
  if (isDouble) ((double *)entries)[count / 2] = NAN;
  else ((float *)entries)[count / 2] = NAN;
  if (!isnan(momentsOf(entries, isDouble, count).sum)) {
    failures++;
    fprintf(stderr, "NaN is lost in a sum of %d\n", (int)count);
  }
  free(entries);
}

int main(void) {
  const int64_t counts[] = {1, 2, 7, 8, 31, 32, 33, 64, 127, 1000};
  for (int c = 0; c < (int)(sizeof counts / sizeof *counts); c++)
    for (int isDouble = 0; isDouble < 2; isDouble++) checkMoments(counts[c], isDouble);
  for (int64_t rows = heldRows; rows < 100; rows *= 3)
    for (int64_t stride = heldStride; stride < 200; stride *= 3) checkHeld(rows, stride);
  const int64_t sizes[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 61, 64, 97, 130};
  for (int s = 0; s < (int)(sizeof sizes / sizeof *sizes); s++) {
    for (int kind = 0; kind < 8; kind++)
      for (int counts = 0; counts < 3; counts++)
        checkProducts(sizes[s], (const int64_t[]){1, 37, 131}[counts], 48, kind & 1, (kind & 2) != 0, kind & 4);
    checkReduction(sizes[s], sizes[s] + 3);
    checkReduction(sizes[s], 2);
    checkReduction(sizes[s], 0);
  }
  return outcome("spectral");
}
