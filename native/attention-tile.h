/*
 * A tile of queries and keys of one head: who sees whom. Tiles of scores lie with keys down and queries across, so that whatever is done
 * for a query is done for a vector of them. Knows neither softmax nor gradients.
 */
#ifndef ATTENTION_TILE_H
#define ATTENTION_TILE_H

#include "attention-shape.h"

typedef struct {
  int64_t queryBegin, queries, keyBegin, keys;
  /* From queryBegin and keyBegin on, the first with room for whole vectors; null where a row is one segment. */
  const int32_t *querySegments, *keySegments;
  /* Some query does not see some key. */
  bool masked;
} Tile;

/* Copies a block's segments to where whole vectors may be read. @returns those of the row, or null. */
static inline const int32_t *rowSegmentsOf(const Instruction *instruction, int operand, int64_t row, int64_t begin, int64_t queries,
                                           int32_t *querySegments) {
  if (integers(instruction, operand) == NULL) return NULL;
  const int32_t *segments = integers(instruction, operand) + row * instruction->size[1];
  memcpy(querySegments, segments + begin, (size_t)queries * sizeof(int32_t));
  return segments;
}

static inline Tile tileOf(const AttentionShape *shape, int64_t queryBlock, int64_t keyBlock, const int32_t *rowSegments,
                          const int32_t *querySegments) {
  return (Tile){.queryBegin = queryBlock * tileSide,
                .queries = blockLength(shape, queryBlock),
                .keyBegin = keyBlock * tileSide,
                .keys = blockLength(shape, keyBlock),
                .querySegments = rowSegments == NULL ? NULL : querySegments,
                .keySegments = rowSegments == NULL ? NULL : rowSegments + keyBlock * tileSide};
}

/* How many of the tile's first keys may be seen by queries before `queryEnd`. */
static inline int64_t keysSeen(const Tile *tile, int64_t queryEnd) {
  int64_t keys = tile->queryBegin + queryEnd - tile->keyBegin;
  return keys < 0 ? 0 : least(keys, tile->keys);
}

/* The first query that may see any key from `key` on. */
static inline int64_t firstQuery(const Tile *tile, int64_t key) {
  int64_t query = tile->keyBegin + key - tile->queryBegin;
  return query < 0 ? 0 : least(query, tile->queries);
}

static inline bool sees(const Tile *tile, int64_t query, int64_t key) {
  if (tile->queryBegin + query < tile->keyBegin + key) return false;
  return tile->querySegments == NULL || tile->querySegments[query] == tile->keySegments[key];
}

/* The same of a vector of queries. */
static inline IntVector seenBy(const Tile *tile, int64_t query, int64_t key) {
  static const int32_t ascending[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  IntVector ahead, segments;
  memcpy(&ahead, ascending, sizeof ahead);
  IntVector seen = ahead >= (int32_t)(tile->keyBegin + key - tile->queryBegin - query);
  if (tile->querySegments == NULL) return seen;
  memcpy(&segments, tile->querySegments + query, sizeof segments);
  return seen & (segments == tile->keySegments[key]);
}

static inline Vector whereSeen(IntVector seen, Vector x, float otherwise) {
  return (Vector)((seen & (IntVector)x) | (~seen & (IntVector)broadcast(otherwise)));
}

typedef struct {
  int32_t least, most;
} SegmentRange;

static inline SegmentRange rangeOf(const int32_t *segments, int64_t count) {
  SegmentRange range = {segments[0], segments[0]};
  for (int64_t i = 1; i < count; i++) {
    range.least = segments[i] < range.least ? segments[i] : range.least;
    range.most = segments[i] > range.most ? segments[i] : range.most;
  }
  return range;
}

static inline bool keyIsSeen(const Tile *tile, int64_t key) {
  int32_t seen = 0;
  for (int64_t query = firstQuery(tile, key); query < tile->queries; query++)
    seen |= tile->querySegments[query] == tile->keySegments[key];
  return seen;
}

static inline bool querySees(const Tile *tile, int64_t query) {
  int32_t seen = 0;
  for (int64_t key = 0, end = keysSeen(tile, query + 1); key < end; key++)
    seen |= tile->querySegments[query] == tile->keySegments[key];
  return seen;
}

/* Where segments are runs, a tile below the diagonal is seen from its last keys by its first queries, if at all: the rest is cut off. */
static inline bool trim(Tile *tile) {
  int64_t key = 0;
  while (key < tile->keys && !keyIsSeen(tile, key)) key++;
  if (key == tile->keys) return false;
  key -= key % tileRows;
  tile->keyBegin += key;
  tile->keySegments += key;
  tile->keys -= key;
  while (!querySees(tile, tile->queries - 1)) tile->queries--;
  return true;
}

/* Sets `masked`, and narrows the tile to what is seen. @returns whether anything is. */
static inline bool anySeen(Tile *tile) {
  tile->masked = tile->keyBegin + tile->keys - 1 > tile->queryBegin;
  if (tile->querySegments == NULL) return true;
  SegmentRange queries = rangeOf(tile->querySegments, tile->queries), keys = rangeOf(tile->keySegments, tile->keys);
  if (keys.least > queries.most || queries.least > keys.most) return false;
  if (keys.least == queries.most && queries.least == keys.most) return true;
  tile->masked = true;
  return trim(tile);
}

#endif
