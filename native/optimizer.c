/* AdamW and the gradient's norm over long vectors, in parallel. Knows nothing of parameters or schedules. */
#include "optimizer.h"

#include <math.h>

#include "cut.h"
#include "vector.h"

enum { stretchElements = 65536, chains = 4 };

/* So many sums lie on the stack: no memory is asked for. */
enum { stretchesAtOnce = 64 };

typedef float HalfVector __attribute__((vector_size(vectorBytes / 2)));
typedef double DoubleVector __attribute__((vector_size(vectorBytes)));
enum { doubleLanes = lanes / 2 };

static inline DoubleVector loadDoubles(const float *from) {
  HalfVector v;
  memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v, DoubleVector);
}

typedef struct {
  const float *values;
  int64_t count;
  double sums[stretchesAtOnce];
} Squares;

static void squareStretch(void *context, int64_t index, int thread) {
  (void)thread;
  Squares *job = context;
  Range stretch = partAt(job->count, stretchElements, index);
  DoubleVector sums[chains] = {0};
  int64_t i = stretch.begin;
  for (; i + chains * doubleLanes <= stretch.end; i += chains * doubleLanes)
    for (int k = 0; k < chains; k++) {
      DoubleVector x = loadDoubles(job->values + i + k * doubleLanes);
      sums[k] += x * x;
    }
  double sum = 0;
  for (; i < stretch.end; i++) sum += (double)job->values[i] * job->values[i];
  DoubleVector all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (int lane = 0; lane < doubleLanes; lane++) sum += all[lane];
  job->sums[index] = sum;
}

double sumOfSquares(Pool *pool, const float *values, int64_t count) {
  const int64_t batch = (int64_t)stretchElements * stretchesAtOnce;
  double sum = 0;
  for (int64_t begin = 0; begin < count; begin += batch) {
    Squares job;
    job.values = values + begin;
    job.count = count - begin < batch ? count - begin : batch;
    int64_t stretches = partCount(job.count, stretchElements);
    poolRun(pool, stretches, squareStretch, &job);
    for (int64_t i = 0; i < stretches; i++) sum += job.sums[i];
  }
  return sum;
}

typedef struct {
  float *weights;
  const float *gradients;
  float *firstMoments, *secondMoments;
  int64_t count;
  const double *scalars;
} Adamw;

static void adamwStretch(void *context, int64_t index, int thread) {
  (void)thread;
  const Adamw *job = context;
  float *restrict weights = job->weights;
  const float *restrict gradients = job->gradients;
  float *restrict first = job->firstMoments;
  float *restrict second = job->secondMoments;
  float scalars[adamwScalarCount];
  for (int i = 0; i < adamwScalarCount; i++) scalars[i] = (float)job->scalars[i];
  const float beta1 = scalars[adamwBeta1], oneMinusBeta1 = scalars[adamwOneMinusBeta1];
  const float beta2 = scalars[adamwBeta2], oneMinusBeta2 = scalars[adamwOneMinusBeta2];
  const float kept = scalars[adamwKept], stepSize = scalars[adamwStepSize], rootScale = scalars[adamwRootScale];
  const float epsilon = scalars[adamwEpsilon], gradientScale = scalars[adamwGradientScale];
  Range stretch = partAt(job->count, taskElements, index);
  for (int64_t i = stretch.begin; i < stretch.end; i++) {
    float g = gradients[i] * gradientScale;
    float m = beta1 * first[i] + oneMinusBeta1 * g;
    float v = beta2 * second[i] + oneMinusBeta2 * (g * g);
    first[i] = m;
    second[i] = v;
    weights[i] = kept * weights[i] - stepSize * m / (sqrtf(v) * rootScale + epsilon);
  }
}

void adamw(Pool *pool, float *weights, const float *gradients, float *firstMoments, float *secondMoments, int64_t count,
           const double *scalars) {
  Adamw job = {weights, gradients, firstMoments, secondMoments, count, scalars};
  poolRun(pool, partCount(count, taskElements), adamwStretch, &job);
}
