/* What the library of a scan exports. */
#include "spectral-library.h"

#include "gram.h"
#include "held.h"
#include "moments.h"
#include "rational-ql.h"
#include "tridiagonal.h"

void deadweightAddProducts(const void *data, int32_t isDouble, int32_t byColumns, int64_t n, int64_t count, double factor, int32_t single,
                           double *gram, int64_t stride, void *panel, int64_t depth) {
  Vectors x = {data, isDouble, byColumns, n, count, factor};
  if (single) addProductsSingle(x, gram, stride, panel, depth);
  else addProducts(x, gram, stride, panel, depth);
}

int32_t deadweightEigenvalues(double *a, int64_t n, int64_t stride, double *values, double *offDiagonal, double *scratch) {
  reduceToTridiagonal(a, n, stride, values, offDiagonal, scratch);
  return tridiagonalEigenvalues(values, offDiagonal, n);
}

void deadweightMoments(const void *entries, int32_t isDouble, int64_t begin, int64_t count, double *moments) {
  const char *first = (const char *)entries + begin * (isDouble ? (int64_t)sizeof(double) : (int64_t)sizeof(float));
  Moments found = momentsOf(first, isDouble, count);
  moments[0] = found.sum;
  moments[1] = found.m2;
  moments[2] = found.m3;
  moments[3] = found.m4;
}

double deadweightLargest(const void *entries, int32_t isDouble, int64_t count) { return largestOf(entries, isDouble, count); }

void deadweightGramTimes(const float *w, int64_t rows, int64_t stride, const float *x, float *y, float *scratch) {
  gramTimes(w, rows, stride, x, y, scratch);
}
