/* AdamW and the gradient's norm over long vectors. */
#ifndef OPTIMIZER_H
#define OPTIMIZER_H

#include <stdint.h>

#include "pool.h"

enum {
  adamwBeta1,
  adamwOneMinusBeta1,
  adamwBeta2,
  adamwOneMinusBeta2,
  /* 1 - learning rate x weight decay, or 1 */
  adamwKept,
  /* learning rate / (1 - beta1^step) */
  adamwStepSize,
  /* 1 / sqrt(1 - beta2^step) */
  adamwRootScale,
  adamwEpsilon,
  adamwGradientScale,
  adamwScalarCount
};

/* In double, over fixed stretches that are added up in order; infinite or NaN where a value is. */
double sumOfSquares(Pool *, const float *values, int64_t count);

/*
 * g = gradient x gradientScale;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
 * w = w kept - stepSize m / (sqrt(v) rootScale + epsilon)   (Loshchilov & Hutter 2019)
 */
void adamw(Pool *, float *weights, const float *gradients, float *firstMoments, float *secondMoments, int64_t count,
           const double *scalars);

#endif
