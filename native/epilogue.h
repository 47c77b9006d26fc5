/* What becomes of a tile of sums on its way to C: scale, bias, gate, residual, activation. Knows nothing of how the sums came about. */
#ifndef EPILOGUE_H
#define EPILOGUE_H

#include "vector-math.h"

typedef struct {
  float *data;
  int64_t stride;
} Place;

typedef struct {
  float alpha;
  Activation activation;
  Place c, activated;
  const float *bias;
  Place residual, gate;
} Epilogue;

/* A tile's place in C, and its sums [rows, 2 * lanes], defined in the first `columns`. */
typedef struct {
  int64_t row, column, rows, columns;
  const float *sums;
} Tile;

static inline const float *sumsAt(Tile tile, int64_t i, int64_t j) { return tile.sums + i * 2 * lanes + j; }

/* Where partial sums wait: C, or what stands in for it. */
static inline Place partialSums(const Epilogue *e) { return e->c.data != NULL ? e->c : e->activated; }

static inline bool isPlain(const Epilogue *e) {
  return e->bias == NULL && e->residual.data == NULL && e->gate.data == NULL && e->activated.data == NULL;
}

/* `adds`: to the partial sums. */
static inline void writePartial(const Epilogue *e, Tile tile, bool adds) {
  Place to = partialSums(e);
  Vector alpha = broadcast(e->alpha);
  for (int64_t i = 0; i < tile.rows; i++)
    for (int64_t j = 0; j < tile.columns; j += lanes) {
      float *at = to.data + (tile.row + i) * to.stride + tile.column + j;
      Vector v = alpha * load(sumsAt(tile, i, j));
      if (adds) v += loadUpTo(at, tile.columns - j);
      storeUpTo(at, v, tile.columns - j);
    }
}

__attribute__((always_inline)) static inline void writeWith(const Activation activation, const Epilogue *e, Tile tile, bool adds) {
  Place partial = partialSums(e);
  Vector alpha = broadcast(e->alpha);
  for (int64_t i = 0; i < tile.rows; i++)
    for (int64_t j = 0; j < tile.columns; j += lanes) {
      int64_t row = tile.row + i, column = tile.column + j, count = tile.columns - j;
      Vector v = alpha * load(sumsAt(tile, i, j));
      if (adds) v += loadUpTo(partial.data + row * partial.stride + column, count);
      if (e->bias != NULL) v += loadUpTo(e->bias + column, count);
      if (e->gate.data != NULL) v *= activationSlope(activation, loadUpTo(e->gate.data + row * e->gate.stride + column, count));
      if (e->residual.data != NULL) v += loadUpTo(e->residual.data + row * e->residual.stride + column, count);
      if (e->c.data != NULL) storeUpTo(e->c.data + row * e->c.stride + column, v, count);
      if (e->activated.data != NULL)
        storeUpTo(e->activated.data + row * e->activated.stride + column, activate(activation, v), count);
    }
}

static inline void writeFinal(const Epilogue *e, Tile tile, bool adds) {
  if (isPlain(e)) {
    writePartial(e, tile, adds);
    return;
  }
  switch (e->activation) {
    case activationNone: writeWith(activationNone, e, tile, adds); return;
    case activationGeluTanh: writeWith(activationGeluTanh, e, tile, adds); return;
    case activationGelu: writeWith(activationGelu, e, tile, adds); return;
    case activationSilu: writeWith(activationSilu, e, tile, adds); return;
  }
}

#endif
