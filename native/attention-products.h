/*
 * The three products of a tile of scores, each as far as queries see keys: from queries and keys, to queries, and to keys. Scores lie as
 * [tileSide keys, tileSide queries]. Knows neither softmax nor gradients.
 */
#ifndef ATTENTION_PRODUCTS_H
#define ATTENTION_PRODUCTS_H

#include "attention-tile.h"

_Static_assert(lanes % tileRows == 0 && tileSide % lanes == 0, "a register tile on the diagonal reads no score that was not computed");

/* scores[key, query] = keys[key] . columns[, query]; keys [.., padded] from the tile's first on, columns [width, tileSide]. */
static inline void scoreTile(const AttentionShape *shape, const Tile *tile, const float *keys, const float *columns, float *scores) {
  for (int64_t query = 0, vectors; query < tile->queries; query += vectors * lanes) {
    vectors = panelOf((tile->queries - query + lanes - 1) / lanes);
    for (int64_t key = 0, end = keysSeen(tile, query + vectors * lanes); key < end; key += tileRows)
      tileProduct((LeftFactor){keys + key * shape->padded, shape->padded, 1}, columns + query, tileSide, shape->headWidth,
                  (TileSums){.data = scores + key * tileSide + query, .stride = tileSide, .overwrite = true}, vectors);
  }
}

/*
 * Zero times infinity is NaN: where a factor is not finite, only pairs that see each other are added, one by one.
 * to[query] += weights[key, query] from[key], or, toKeys, to[key] += weights[key, query] from[query].
 */
static inline void addSeen(const Tile *tile, const float *weights, const float *from, int64_t padded, bool toKeys, float *to) {
  for (int64_t key = 0; key < tile->keys; key++)
    for (int64_t query = 0; query < tile->queries; query++) {
      if (!sees(tile, query, key)) continue;
      const float *source = from + (toKeys ? query : key) * padded;
      float *target = to + (toKeys ? key : query) * padded;
      for (int64_t i = 0; i < padded; i++) target[i] += weights[key * tileSide + query] * source[i];
    }
}

/* to[query] = kept[query] to[query] + sum over keys of weights[key, query] from[key]; `kept` null is 1. */
static inline void addToQueries(const AttentionShape *shape, const Tile *tile, bool finite, const float *weights, const float *from,
                                const float *kept, float *to) {
  if (tile->masked && !finite) {
    for (int64_t i = 0; kept != NULL && i < tile->queries * shape->padded; i++) to[i] *= kept[i / shape->padded];
    addSeen(tile, weights, from, shape->padded, false, to);
    return;
  }
  for (int64_t i = 0, vectors; i < shape->padded; i += vectors * lanes) {
    vectors = panelOf((shape->padded - i) / lanes);
    for (int64_t query = 0; query < tile->queries; query += tileRows)
      tileProduct((LeftFactor){weights + query, 1, tileSide}, from + i, shape->padded, keysSeen(tile, query + tileRows),
                  (TileSums){.data = to + query * shape->padded + i, .stride = shape->padded, .kept = kept == NULL ? NULL : kept + query},
                  vectors);
  }
}

/* to[key] += sum over queries of weights[key, query] from[query] */
static inline void addToKeys(const AttentionShape *shape, const Tile *tile, bool finite, const float *weights, const float *from,
                             float *to) {
  if (tile->masked && !finite) {
    addSeen(tile, weights, from, shape->padded, true, to);
    return;
  }
  for (int64_t i = 0, vectors; i < shape->padded; i += vectors * lanes) {
    vectors = panelOf((shape->padded - i) / lanes);
    for (int64_t key = 0; key < tile->keys; key += tileRows) {
      int64_t query = firstQuery(tile, key);
      tileProduct((LeftFactor){weights + key * tileSide + query, tileSide, 1}, from + query * shape->padded + i, shape->padded,
                  tile->queries - query, (TileSums){.data = to + key * shape->padded + i, .stride = shape->padded}, vectors);
    }
  }
}

#endif
