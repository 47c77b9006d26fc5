/*
 * Causal attention within segments, forward: tile by tile with a running maximum and sum (Dao 2022, 2023), never all scores at once.
 * Knows nothing of gradients. Where no output is wanted it computes the log of the sums alone.
 */
#include <math.h>

#include "attention-products.h"
#include "pool.h"

enum { q, k, v, segments, out, logSumExp };

/*
 * A task is a part of one head's queries; it brings all keys that they see into cache once. Assumption: so many tasks share out well among
 * some ten threads, and two blocks repay the keys.
 */
enum { wantedTasks = 64, leastBlocks = 2 };

/* Of one thread. */
typedef struct {
  float *keys, *values;     /* [paddedLength, padded] */
  float *finite;            /* block of values: 1 where all are */
  float *queries, *columns; /* [tileSide, padded], scaled; transposed */
  float *sums;              /* [tileSide, padded]: weights times values */
  float *scores;            /* [tileSide, tileSide], then e^(score - peak) */
  float *peaks, *totals;    /* of a query's scores and weights so far */
  float *kept;              /* by what factor a new peak shrinks sums so far */
  int32_t *querySegments;
} Scratch;

typedef struct {
  const Instruction *instruction;
  Pool *pool;
  AttentionShape shape;
  int64_t parts, scratchFloats;
} Job;

static Scratch scratchFrom(Arena *arena, const AttentionShape *shape) {
  int64_t wholeRow = shape->paddedLength * shape->padded, block = tileSide * shape->padded;
  return (Scratch){.keys = take(arena, wholeRow),
                   .values = take(arena, wholeRow),
                   .finite = take(arena, shape->blocks),
                   .queries = take(arena, block),
                   .columns = take(arena, block),
                   .sums = take(arena, block),
                   .scores = take(arena, tileSide * tileSide),
                   .peaks = take(arena, tileSide),
                   .totals = take(arena, tileSide),
                   .kept = take(arena, tileSide),
                   .querySegments = (int32_t *)take(arena, tileSide)};
}

static Vector columnPeak(const float *scores, int64_t keys, Vector peak) {
  Vector other = peak;
  for (int64_t key = 0; key < keys; key += 2) {
    peak = maximum(peak, load(scores + key * tileSide));
    if (key + 1 < keys) other = maximum(other, load(scores + (key + 1) * tileSide));
  }
  return maximum(peak, other);
}

/* Scores become e^(score - peak), with the peak so far. A NaN is no peak, but stays. */
static void exponentiate(const Tile *tile, const Scratch *at) {
  for (int64_t query = 0; query < tile->queries; query += lanes) {
    float *scores = at->scores + query;
    int64_t keys = keysSeen(tile, query + lanes);
    for (int64_t key = 0; tile->masked && key < keys; key++)
      store(scores + key * tileSide, whereSeen(seenBy(tile, query, key), load(scores + key * tileSide), -INFINITY));
    Vector before = load(at->peaks + query);
    Vector peak = columnPeak(scores, keys, before);
    /* Where nothing has been seen yet, infinity less infinity would be NaN. */
    Vector subtracted = whereSeen(peak > -INFINITY, peak, 0);
    Vector kept = vectorExp(before - subtracted), total = {0};
    for (int64_t key = 0; key < keys; key++) {
      Vector weight = vectorExp(load(scores + key * tileSide) - subtracted);
      store(scores + key * tileSide, weight);
      total += weight;
    }
    store(at->peaks + query, peak);
    store(at->kept + query, kept);
    store(at->totals + query, load(at->totals + query) * kept + total);
  }
}

static void packKeys(const Job *job, const Scratch *at, int64_t row, int64_t head, int64_t block) {
  const Instruction *instruction = job->instruction;
  const AttentionShape *shape = &job->shape;
  int64_t begin = block * tileSide, count = blockLength(shape, block), width = shape->headWidth, offset = begin * shape->padded;
  packRows(placeOf(instruction, k, row, begin, head), strideOf(instruction, k), count, width, 1, at->keys + offset);
  if (floats(instruction, out) != NULL)
    at->finite[block] =
        packRows(placeOf(instruction, v, row, begin, head), strideOf(instruction, v), count, width, 1, at->values + offset);
}

static void writeBlock(const Job *job, const Scratch *at, int64_t row, int64_t head, int64_t begin, int64_t queries) {
  const Instruction *instruction = job->instruction;
  const AttentionShape *shape = &job->shape;
  for (int64_t query = 0; query < queries; query++) {
    int64_t position = begin + query;
    if (floats(instruction, logSumExp) != NULL)
      floats(instruction, logSumExp)[(row * shape->length + position) * strideOf(instruction, logSumExp) + head] =
          at->peaks[query] + logf(at->totals[query]);
    if (floats(instruction, out) != NULL)
      unpackRows(at->sums + query * shape->padded, 1, shape->headWidth, 1 / at->totals[query],
                 placeOf(instruction, out, row, position, head), 0);
  }
}

static void attendBlock(const Job *job, const Scratch *at, int64_t row, int64_t head, int64_t block) {
  const Instruction *instruction = job->instruction;
  const AttentionShape *shape = &job->shape;
  int64_t begin = block * tileSide, queries = blockLength(shape, block);
  packRows(placeOf(instruction, q, row, begin, head), strideOf(instruction, q), queries, shape->headWidth, shape->scale, at->queries);
  transposeRows(at->queries, roundUp(queries, lanes), shape->padded, at->columns, tileSide);
  const int32_t *rowSegments = rowSegmentsOf(instruction, segments, row, begin, queries, at->querySegments);
  for (int64_t query = 0; query < tileSide; query++) at->peaks[query] = -INFINITY;
  memset(at->totals, 0, tileSide * sizeof(float));
  memset(at->sums, 0, (size_t)(tileSide * shape->padded) * sizeof(float));

  for (int64_t keyBlock = 0; keyBlock <= block; keyBlock++) {
    Tile tile = tileOf(shape, block, keyBlock, rowSegments, at->querySegments);
    if (!anySeen(&tile)) continue;
    int64_t offset = tile.keyBegin * shape->padded;
    scoreTile(shape, &tile, at->keys + offset, at->columns, at->scores);
    exponentiate(&tile, at);
    if (floats(instruction, out) != NULL)
      addToQueries(shape, &tile, at->finite[keyBlock] != 0, at->scores, at->values + offset, at->kept, at->sums);
  }
  writeBlock(job, at, row, head, begin, queries);
}

static void attendPart(void *context, int64_t index, int thread) {
  const Job *job = context;
  const AttentionShape *shape = &job->shape;
  int64_t part = index % job->parts, head = index / job->parts % shape->heads, row = index / job->parts / shape->heads;
  Arena arena = {poolScratch(job->pool, thread, (size_t)job->scratchFloats * sizeof(float)), 0};
  Scratch at = scratchFrom(&arena, shape);
  int64_t packed = 0, end = partBegin(shape, 1, part + 1, job->parts);
  for (int64_t block = partBegin(shape, 1, part, job->parts); block < end; block++) {
    for (; packed <= block; packed++) packKeys(job, &at, row, head / shape->group, packed);
    attendBlock(job, &at, row, head, block);
  }
}

bool attention(const Instruction *instruction, Pool *pool) {
  Job job = {.instruction = instruction, .pool = pool, .shape = attentionShape(instruction)};
  int64_t heads = job.shape.rows * job.shape.heads;
  if (heads == 0 || job.shape.length == 0) return true;
  job.parts = partsFor(wantedTasks, heads, job.shape.blocks, leastBlocks);
  Arena counted = {NULL, 0};
  scratchFrom(&counted, &job.shape);
  job.scratchFloats = counted.used;
  for (int thread = 0; thread < poolThreads(pool); thread++)
    if (poolScratch(pool, thread, (size_t)job.scratchFloats * sizeof(float)) == NULL) return false;
  poolRun(pool, heads * job.parts, attendPart, &job);
  return true;
}
