/* Sums in several vectors at a time, so that one addition need not wait for the other. */
#include "moments.h"

#include <math.h>

#include "../unroll.h"
#include "double-vector.h"

enum { chains = 4, step = chains * doubleLanes };

typedef float HalfVector __attribute__((vector_size(vectorBytes / 2)));
typedef int64_t LongVector __attribute__((vector_size(vectorBytes)));

#define inlined __attribute__((always_inline)) static inline

inlined double entryAt(const void *entries, int isDouble, int64_t at) {
  return isDouble ? ((const double *)entries)[at] : ((const float *)entries)[at];
}

inlined DoubleVector entriesAt(const void *entries, int isDouble, int64_t at) {
  if (isDouble) return loadDoubles((const double *)entries + at);
  HalfVector floats;
  memcpy(&floats, (const float *)entries + at, sizeof floats);
  return __builtin_convertvector(floats, DoubleVector);
}

inlined double total(const DoubleVector *sums) {
  DoubleVector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double all = 0;
  for (int lane = 0; lane < doubleLanes; lane++) all += sum[lane];
  return all;
}

inlined Moments momentsAs(const void *entries, const int isDouble, int64_t count) {
  int64_t whole = count - count % step;
  DoubleVector sums[chains] = {0};
  for (int64_t i = 0; i < whole; i += step)
    unrollFully for (int c = 0; c < chains; c++) sums[c] += entriesAt(entries, isDouble, i + c * doubleLanes);
  Moments found = {.sum = total(sums)};
  for (int64_t i = whole; i < count; i++) found.sum += entryAt(entries, isDouble, i);
  double mean = found.sum / (double)count;
  DoubleVector means = broadcastDouble(mean), second[chains] = {0}, third[chains] = {0}, fourth[chains] = {0};
  for (int64_t i = 0; i < whole; i += step)
    unrollFully for (int c = 0; c < chains; c++) {
      DoubleVector deviation = entriesAt(entries, isDouble, i + c * doubleLanes) - means;
      DoubleVector square = deviation * deviation;
      second[c] += square;
      third[c] += square * deviation;
      fourth[c] += square * square;
    }
  found.m2 = total(second);
  found.m3 = total(third);
  found.m4 = total(fourth);
  for (int64_t i = whole; i < count; i++) {
    double deviation = entryAt(entries, isDouble, i) - mean, square = deviation * deviation;
    found.m2 += square;
    found.m3 += square * deviation;
    found.m4 += square * square;
  }
  return found;
}

inlined double largestAs(const void *entries, const int isDouble, int64_t count) {
  int64_t whole = count - count % step;
  DoubleVector most[chains] = {0};
  for (int64_t i = 0; i < whole; i += step)
    unrollFully for (int c = 0; c < chains; c++) {
      DoubleVector entry = entriesAt(entries, isDouble, i + c * doubleLanes);
      LongVector size = (LongVector)entry & INT64_MAX;
      LongVector larger = (DoubleVector)size > most[c];
      most[c] = (DoubleVector)((size & larger) | ((LongVector)most[c] & ~larger));
    }
  double largest = 0;
  for (int c = 0; c < chains; c++)
    for (int lane = 0; lane < doubleLanes; lane++) largest = most[c][lane] > largest ? most[c][lane] : largest;
  for (int64_t i = whole; i < count; i++) {
    double size = fabs(entryAt(entries, isDouble, i));
    if (size > largest) largest = size;
  }
  return largest;
}

Moments momentsOf(const void *entries, int32_t isDouble, int64_t count) {
  return isDouble ? momentsAs(entries, 1, count) : momentsAs(entries, 0, count);
}

double largestOf(const void *entries, int32_t isDouble, int64_t count) {
  return isDouble ? largestAs(entries, 1, count) : largestAs(entries, 0, count);
}
