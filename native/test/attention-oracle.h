/* Problems for attention, and their solutions by plain loops in double, one query and one key at a time. Knows no tiles. */
#ifndef ATTENTION_ORACLE_H
#define ATTENTION_ORACLE_H

#include "kernel-check.h"

typedef enum { oneSegment, runs, interleaved, allDifferent, segmentKinds } Segments;

typedef struct {
  int64_t rows, length, heads, keyHeads, width;
  Segments segments;
  double scale;
  /* q, k and v lie in one matrix, [q | k | v], and so do their gradients. */
  bool sliced;
} Case;

enum { q, k, v, out, logs, dout, dq, dk, dv, matrices };

typedef struct {
  Case of;
  Matrix matrix[matrices], slices[2]; /* what q, k, v and what dq, dk, dv lie in */
  int32_t *segments;
  /* Dense: results, and what their terms come to before any of it cancels. */
  double *expected[matrices], *sizes[matrices];
} Problem;

static inline int64_t columnsOf(const Case *c, int which) {
  if (which == logs) return c->heads;
  return (which == k || which == v || which == dk || which == dv ? c->keyHeads : c->heads) * c->width;
}

static inline int64_t countOf(const Case *c, int which) { return c->rows * c->length * columnsOf(c, which); }

static inline int32_t segmentAt(const Case *c, int64_t step) {
  if (c->segments == runs) return (int32_t)(step < c->length / 3 ? 7 : step < c->length / 2 ? -2 : 7 + step / 70);
  if (c->segments == interleaved) return (int32_t)(step * step % 3 + step / 97);
  return (int32_t)(c->length - step);
}

static inline Problem pose(Case c) {
  Problem p = {.of = c};
  int64_t positions = c.rows * c.length, sliceColumns = columnsOf(&c, q) + 2 * columnsOf(&c, k);
  for (int i = 0; i < matrices; i++) {
    p.expected[i] = doubles(countOf(&c, i));
    p.sizes[i] = doubles(countOf(&c, i));
    p.matrix[i] = someMatrix(positions, columnsOf(&c, i), columnsOf(&c, i) + 5);
  }
  for (int i = 0; c.sliced && i < 2; i++) {
    p.slices[i] = someMatrix(positions, sliceColumns, sliceColumns);
    int first = i == 0 ? q : dq;
    for (int j = 0; j < 3; j++) {
      free(p.matrix[first + j].data);
      p.matrix[first + j].stride = sliceColumns;
      p.matrix[first + j].data = p.slices[i].data + (j > 0) * columnsOf(&c, q) + (j > 1) * columnsOf(&c, k);
    }
  }
  if (c.segments != oneSegment) {
    p.segments = malloc((size_t)positions * sizeof(int32_t));
    for (int64_t i = 0; i < positions; i++) p.segments[i] = segmentAt(&c, i % c.length);
  }
  return p;
}

static inline void dismiss(Problem *p) {
  for (int i = 0; i < matrices; i++) {
    if (!p->of.sliced || i == out || i == logs || i == dout) free(p->matrix[i].data);
    free(p->expected[i]);
    free(p->sizes[i]);
  }
  free(p->slices[0].data);
  free(p->slices[1].data);
  free(p->segments);
}

/* A sum of terms, and the sum of their magnitudes. */
typedef struct {
  double sum, size;
} Sum;

static inline Sum dot(const float *a, const float *b, int64_t n) {
  Sum dot = {0, 0};
  for (int64_t i = 0; i < n; i++) {
    dot.sum += (double)a[i] * b[i];
    dot.size += fabs((double)a[i] * b[i]);
  }
  return dot;
}

static inline void addTo(Problem *p, int which, int64_t row, int64_t column, double value, double size) {
  int64_t i = row * columnsOf(&p->of, which) + column;
  p->expected[which][i] += value;
  p->sizes[which][i] += size + 1e-30; /* below it weights flush to zero */
}

static inline bool seen(const Problem *p, int64_t t, int64_t key) { return p->segments == NULL || p->segments[key] == p->segments[t]; }

/* Adds what the query at position t of one head gives and takes. */
static inline void solveQuery(Problem *p, int64_t t, int64_t head, double *weights, Sum *slopes) {
  const Case *c = &p->of;
  int64_t begin = t / c->length * c->length, mine = head * c->width, theirs = head / (c->heads / c->keyHeads) * c->width;
  double peak = -INFINITY, total = 0, scoreSize = 0;
  Sum mean = {0, 0};
  for (int64_t key = begin; key <= t; key++) {
    Sum score = dot(at(p->matrix[q], t, mine), at(p->matrix[k], key, theirs), c->width);
    weights[key - begin] = seen(p, t, key) ? c->scale * score.sum : -INFINITY;
    peak = fmax(peak, weights[key - begin]);
    scoreSize = fmax(scoreSize, fabs(c->scale) * score.size);
  }
  for (int64_t key = 0; key <= t - begin; key++) total += weights[key] = exp(weights[key] - peak);
  addTo(p, logs, t, head, peak + log(total), 1 + scoreSize);
  for (int64_t key = begin; key <= t; key++) {
    if (!seen(p, t, key)) continue;
    double weight = weights[key - begin] /= total;
    Sum slope = slopes[key - begin] = dot(at(p->matrix[dout], t, mine), at(p->matrix[v], key, theirs), c->width);
    mean.sum += weight * slope.sum;
    mean.size += weight * slope.size;
  }
  for (int64_t key = begin; key <= t; key++) {
    if (!seen(p, t, key)) continue;
    double weight = weights[key - begin], step = weight * (slopes[key - begin].sum - mean.sum) * c->scale;
    double stepSize = weight * (slopes[key - begin].size + mean.size) * fabs(c->scale);
    for (int64_t i = 0; i < c->width; i++) {
      double value = *at(p->matrix[v], key, theirs + i), slope = *at(p->matrix[dout], t, mine + i);
      double query = *at(p->matrix[q], t, mine + i), other = *at(p->matrix[k], key, theirs + i);
      addTo(p, out, t, mine + i, weight * value, weight * fabs(value));
      addTo(p, dv, key, theirs + i, weight * slope, weight * fabs(slope));
      addTo(p, dq, t, mine + i, step * other, stepSize * fabs(other));
      addTo(p, dk, key, theirs + i, step * query, stepSize * fabs(query));
    }
  }
}

static inline void solve(Problem *p) {
  double *weights = doubles(p->of.length);
  Sum *slopes = malloc((size_t)(p->of.length + 1) * sizeof(Sum));
  for (int64_t t = 0; t < p->of.rows * p->of.length; t++)
    for (int64_t head = 0; head < p->of.heads; head++) solveQuery(p, t, head, weights, slopes);
  free(weights);
  free(slopes);
}

#endif
