/*
 * Householder's reduction. A step's update of the matrix and its product with the next step's vector share one pass, so that each entry is
 * read once a step; the matrix of a layer just fits the second-level cache.
 *
 * Columns are taken in blocks of eight. A row begins with the block of its diagonal, which is kept whole on both sides of it; what lies
 * left of that block is not looked at.
 */
#include "tridiagonal.h"

#include <math.h>

#include "../unroll.h"
#include "double-vector.h"

enum { blockColumns = 8, groupRows = 4 };

/* A sum of squares: what is below it is nothing beside entries of about 1, and its reciprocal would overflow. */
static const double negligible = 0x1p-1000;

/* The update that is still to be made, A -= v w' + w v', and the vector x whose product p = A x is wanted. */
typedef struct {
  double *v, *w, *x, *p;
} Step;

static void mirrorBlocks(double *a, int64_t n, int64_t stride) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i - i % blockColumns; j < i; j++) a[i * stride + j] = a[j * stride + i];
}

/* Rows i to i + groupRows - 1 as far as they lie in (k, n): updated, and their share of the product, by rows and by columns. */
static void passRows(double *a, int64_t n, int64_t stride, int64_t k, int64_t i, Step step) {
  DoubleVector v[groupRows], w[groupRows], x[groupRows], sum[groupRows] = {0};
  double *row = a + i * stride;
  for (int r = 0; r < groupRows; r++) {
    int64_t at = i + r;
    double alive = at > k && at < n;
    v[r] = broadcastDouble(alive * step.v[at]);
    w[r] = broadcastDouble(alive * step.w[at]);
    x[r] = broadcastDouble(alive * step.x[at]);
  }
  int64_t block = i - i % blockColumns;
  for (int64_t j = block; j < block + blockColumns; j += doubleLanes) {
    DoubleVector vj = loadDoubles(step.v + j), wj = loadDoubles(step.w + j), xj = loadDoubles(step.x + j);
    unrollFully for (int r = 0; r < groupRows; r++) {
      DoubleVector entries = loadDoubles(row + r * stride + j) - (v[r] * wj + w[r] * vj);
      storeDoubles(row + r * stride + j, entries);
      sum[r] += entries * xj;
    }
  }
  for (int64_t j = block + blockColumns; j < n; j += doubleLanes) {
    DoubleVector vj = loadDoubles(step.v + j), wj = loadDoubles(step.w + j), xj = loadDoubles(step.x + j);
    DoubleVector product = loadDoubles(step.p + j);
    unrollFully for (int r = 0; r < groupRows; r++) {
      DoubleVector entries = loadDoubles(row + r * stride + j) - (v[r] * wj + w[r] * vj);
      storeDoubles(row + r * stride + j, entries);
      sum[r] += entries * xj;
      product += entries * x[r];
    }
    storeDoubles(step.p + j, product);
  }
  for (int r = 0; r < groupRows && i + r < n; r++) {
    double total = 0;
    for (int lane = 0; lane < doubleLanes; lane++) total += sum[r][lane];
    if (i + r > k) step.p[i + r] += total;
  }
}

static double dot(const double *x, const double *y, int64_t begin, int64_t end) {
  double sum = 0;
  for (int64_t j = begin; j < end; j++) sum += x[j] * y[j];
  return sum;
}

void reduceToTridiagonal(double *a, int64_t n, int64_t stride, double *diagonal, double *offDiagonal, double *scratch) {
  Step step = {scratch, scratch + stride, scratch + 2 * stride, scratch + 3 * stride};
  memset(scratch, 0, (size_t)reductionScratch(stride) * sizeof(double));
  mirrorBlocks(a, n, stride);
  for (int64_t k = 0; k < n; k++) {
    double *row = a + k * stride;
    for (int64_t j = k; j < n; j++) row[j] -= step.v[k] * step.w[j] + step.w[k] * step.v[j];
    diagonal[k] = row[k];
    offDiagonal[k] = 0;
    if (k == n - 1) break;
    double head = row[k + 1];
    double tail = dot(row, row, k + 2, n);
    double scale = 0;
    memset(step.x, 0, (size_t)stride * sizeof(double));
    memset(step.p, 0, (size_t)stride * sizeof(double));
    offDiagonal[k] = head;
    if (tail > negligible) {
      double length = sqrt(head * head + tail);
      /* Of the two signs the one without cancellation. */
      offDiagonal[k] = head > 0 ? -length : length;
      memcpy(step.x + k + 1, row + k + 1, (size_t)(n - k - 1) * sizeof(double));
      step.x[k + 1] = head - offDiagonal[k];
      scale = 2 / (step.x[k + 1] * step.x[k + 1] + tail);
    }
    for (int64_t i = (k + 1) - (k + 1) % groupRows; i < n; i += groupRows) passRows(a, n, stride, k, i, step);
    for (int64_t j = k + 1; j < n; j++) step.p[j] *= scale;
    double overlap = dot(step.x, step.p, k + 1, n);
    for (int64_t j = k + 1; j < n; j++) step.p[j] -= 0.5 * scale * overlap * step.x[j];
    step = (Step){step.x, step.p, step.v, step.w};
  }
}
