/*
 * Four rows at a time, so that each is read from memory once where it is used twice. The four vectors lie one after the other in between:
 * a vector of their entries then meets a vector of a row's.
 */
#include "held.h"

#include "../unroll.h"
#include "../vector.h"

/* out [heldRows, blockWidth] = rows times vectors. @param vectors [blockWidth, stride] */
static void rowsTimes(const float *w, int64_t stride, const float *vectors, float *out) {
  Vector sum[heldRows][blockWidth] = {0};
  for (int64_t j = 0; j < stride; j += lanes) {
    Vector x[blockWidth];
    unrollFully for (int p = 0; p < blockWidth; p++) x[p] = load(vectors + p * stride + j);
    unrollFully for (int r = 0; r < heldRows; r++) {
      Vector entries = load(w + r * stride + j);
      unrollFully for (int p = 0; p < blockWidth; p++) sum[r][p] += entries * x[p];
    }
  }
  for (int r = 0; r < heldRows; r++)
    for (int p = 0; p < blockWidth; p++) {
      float total = 0;
      for (int lane = 0; lane < lanes; lane++) total += sum[r][p][lane];
      out[r * blockWidth + p] = total;
    }
}

/* vectors [blockWidth, stride] += factors' rows. @param factors [heldRows, blockWidth] */
static void addRows(const float *w, int64_t stride, const float *factors, float *vectors) {
  Vector factor[heldRows][blockWidth];
  unrollFully for (int r = 0; r < heldRows; r++)
    unrollFully for (int p = 0; p < blockWidth; p++) factor[r][p] = broadcast(factors[r * blockWidth + p]);
  for (int64_t j = 0; j < stride; j += lanes) {
    Vector sum[blockWidth];
    unrollFully for (int p = 0; p < blockWidth; p++) sum[p] = load(vectors + p * stride + j);
    unrollFully for (int r = 0; r < heldRows; r++) {
      Vector entries = load(w + r * stride + j);
      unrollFully for (int p = 0; p < blockWidth; p++) sum[p] += factor[r][p] * entries;
    }
    unrollFully for (int p = 0; p < blockWidth; p++) store(vectors + p * stride + j, sum[p]);
  }
}

void gramTimes(const float *w, int64_t rows, int64_t stride, const float *x, float *y, float *scratch) {
  float *vectors = scratch, *sums = scratch + blockWidth * stride;
  memset(sums, 0, (size_t)(blockWidth * stride) * sizeof(float));
  for (int64_t j = 0; j < stride; j++)
    for (int p = 0; p < blockWidth; p++) vectors[p * stride + j] = x[j * blockWidth + p];
  for (int64_t i = 0; i < rows; i += heldRows) {
    float products[heldRows * blockWidth];
    rowsTimes(w + i * stride, stride, vectors, products);
    addRows(w + i * stride, stride, products, sums);
  }
  for (int64_t j = 0; j < stride; j++)
    for (int p = 0; p < blockWidth; p++) y[j * blockWidth + p] = sums[p * stride + j];
}
