/* Vectors of doubles, as wide as those of floats. */
#ifndef DOUBLE_VECTOR_H
#define DOUBLE_VECTOR_H

#include "../vector.h"

enum { doubleLanes = vectorBytes / 8 };

typedef double DoubleVector __attribute__((vector_size(vectorBytes)));

static inline DoubleVector loadDoubles(const double *from) {
  DoubleVector v;
  memcpy(&v, from, sizeof v);
  return v;
}

static inline void storeDoubles(double *to, DoubleVector v) { memcpy(to, &v, sizeof v); }

static inline DoubleVector broadcastDouble(double x) { return x - (DoubleVector){0}; }

#endif
