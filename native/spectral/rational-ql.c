/* QL on the squares of the off-diagonal entries: the rotations' sines and cosines are only needed squared, so that no root is taken. */
#include "rational-ql.h"

#include <math.h>

/* QL needs 1.7 on average. */
enum { sweepsPerValue = 60 };

static const double halfUnit = 0x1p-54;

/* The last index of the unreduced block that starts at `begin`. What is below rounding of its neighbours, or of the norm, couples nothing. */
static int64_t blockEnd(const double *d, const double *squares, int64_t n, int64_t begin, double negligible) {
  int64_t end = begin;
  while (end < n - 1) {
    double scale = 2 * halfUnit * (fabs(d[end]) + fabs(d[end + 1]));
    double limit = scale > negligible ? scale : negligible;
    if (squares[end] <= limit * limit) break;
    end++;
  }
  return end;
}

/* Wilkinson's shift from the block's upper corner. */
static double shiftOf(const double *d, const double *squares, int64_t begin) {
  double root = sqrt(squares[begin]);
  double half = (d[begin + 1] - d[begin]) / (2 * root);
  return d[begin] - root / (half + copysign(hypot(half, 1), half));
}

/* One sweep from the bottom of the block to its top. */
static void sweep(double *d, double *squares, int64_t begin, int64_t end) {
  double shift = shiftOf(d, squares, begin);
  double cosine = 1, sine = 0, gamma = d[end] - shift, p = gamma * gamma;
  for (int64_t i = end - 1; i >= begin; i--) {
    double square = squares[i], r = p + square;
    if (i < end - 1) squares[i + 1] = sine * r;
    double formerCosine = cosine, formerGamma = gamma;
    /* No square within a block is zero, so that r is none. */
    cosine = p / r;
    sine = square / r;
    gamma = cosine * (d[i] - shift) - sine * formerGamma;
    d[i + 1] = formerGamma + (d[i] - gamma);
    p = cosine != 0 ? gamma * gamma / cosine : formerCosine * square;
  }
  squares[begin] = sine * p;
  d[begin] = shift + gamma;
}

bool tridiagonalEigenvalues(double *d, double *e, int64_t n) {
  double norm = 0;
  for (int64_t i = 0; i < n; i++) norm = fmax(norm, fabs(d[i]) + fabs(e[i]));
  for (int64_t i = 0; i < n; i++) e[i] *= e[i];
  for (int64_t begin = 0; begin < n; begin++)
    for (int turn = 0;; turn++) {
      int64_t end = blockEnd(d, e, n, begin, halfUnit * norm);
      if (end == begin) break;
      if (turn == sweepsPerValue) return false;
      sweep(d, e, begin, end);
    }
  return true;
}
