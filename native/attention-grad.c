/*
 * Gradients of causal attention within segments. Weights are computed again, tile by tile, from the log of their sums (Dao 2022).
 * Knows of the forward pass only how to ask it for those.
 *
 *   P = e^(scale q k' - logSumExp),  dS = P (dout v' - rowSum(dout out))
 *   dq = scale dS k,  dk = scale dS' q,  dv = P' dout
 */
#include "attention-products.h"
#include "pool.h"

enum { q, k, v, segments, out, logSumExp, dout, dq, dk, dv };

/*
 * A task is one key head of one row, or where those are few, a part of its queries; each part has sums of dk and dv of its own, added up
 * in order afterwards. That costs memory, but less time than to compute weights twice, for queries and for keys. Assumption: so many tasks
 * share out well among some ten threads.
 */
enum { wantedTasks = 24, leastBlocks = 4, mostParts = 8 };

/* Of one thread. */
typedef struct {
  float *keys, *values;                /* [paddedLength, padded] */
  float *finite;                       /* block of keys: 1 where all are */
  float *keySums, *valueSums;          /* [paddedLength, padded]: dk, dv */
  float *queries, *queryColumns;       /* [tileSide, padded], scaled; transposed */
  float *outGrads, *outGradColumns;    /* [tileSide, padded], transposed */
  float *querySums;                    /* [tileSide, padded]: dq / scale */
  float *weights, *scoreGrads;         /* [tileSide, tileSide]: P, dS */
  float *logs, *means;                 /* of a query: logSumExp, rowSum(dout out) */
  int32_t *querySegments;
} Scratch;

typedef struct {
  const Instruction *instruction;
  Pool *pool;
  AttentionShape shape;
  int64_t parts, scratchFloats;
  Operand logs;
  float *partSums; /* where there are parts: [task, 2, paddedLength, padded] */
} Job;

static Scratch scratchFrom(Arena *arena, const AttentionShape *shape, int64_t parts) {
  int64_t wholeRow = shape->paddedLength * shape->padded, block = tileSide * shape->padded, tile = tileSide * tileSide;
  return (Scratch){.keys = take(arena, wholeRow),
                   .values = take(arena, wholeRow),
                   .finite = take(arena, shape->blocks),
                   .keySums = take(arena, parts > 1 ? 0 : wholeRow),
                   .valueSums = take(arena, parts > 1 ? 0 : wholeRow),
                   .queries = take(arena, block),
                   .queryColumns = take(arena, block),
                   .outGrads = take(arena, block),
                   .outGradColumns = take(arena, block),
                   .querySums = take(arena, block),
                   .weights = take(arena, tile),
                   .scoreGrads = take(arena, tile),
                   .logs = take(arena, tileSide),
                   .means = take(arena, tileSide),
                   .querySegments = (int32_t *)take(arena, tileSide)};
}

/* From scores and dout v' to P and dS, in place. */
static void weigh(const Tile *tile, const Scratch *at, bool withGrads) {
  for (int64_t query = 0; query < tile->queries; query += lanes) {
    Vector logs = load(at->logs + query), means = load(at->means + query);
    for (int64_t key = 0, keys = keysSeen(tile, query + lanes); key < keys; key++) {
      float *weights = at->weights + key * tileSide + query, *scoreGrads = at->scoreGrads + key * tileSide + query;
      Vector weight = vectorExp(load(weights) - logs);
      Vector scoreGrad = withGrads ? weight * (load(scoreGrads) - means) : weight;
      if (tile->masked) {
        IntVector seen = seenBy(tile, query, key);
        weight = whereSeen(seen, weight, 0);
        scoreGrad = whereSeen(seen, scoreGrad, 0);
      }
      store(weights, weight);
      if (withGrads) store(scoreGrads, scoreGrad);
    }
  }
}

static void gradTile(const Job *job, const Scratch *at, const Tile *tile, bool finite) {
  const AttentionShape *shape = &job->shape;
  int64_t offset = tile->keyBegin * shape->padded;
  bool toQueries = floats(job->instruction, dq) != NULL, toKeys = floats(job->instruction, dk) != NULL;
  scoreTile(shape, tile, at->keys + offset, at->queryColumns, at->weights);
  if (toQueries || toKeys) scoreTile(shape, tile, at->values + offset, at->outGradColumns, at->scoreGrads);
  weigh(tile, at, toQueries || toKeys);
  if (floats(job->instruction, dv) != NULL) addToKeys(shape, tile, finite, at->weights, at->outGrads, at->valueSums + offset);
  if (toKeys) addToKeys(shape, tile, finite, at->scoreGrads, at->queries, at->keySums + offset);
  if (toQueries) addToQueries(shape, tile, finite, at->scoreGrads, at->keys + offset, NULL, at->querySums);
}

static float dotProduct(const float *a, const float *b, int64_t n) {
  Vector sum = {0};
  for (int64_t i = 0; i < n; i += lanes)
    sum += i + lanes <= n ? load(a + i) * load(b + i) : loadPart(a + i, n - i) * loadPart(b + i, n - i);
  return vectorSum(sum);
}

/* @returns whether all keys are finite; values only make weights' gradients, that are masked. */
static bool packKeys(const Job *job, const Scratch *at, int64_t row, int64_t head, int64_t block) {
  const Instruction *instruction = job->instruction;
  const AttentionShape *shape = &job->shape;
  int64_t begin = block * tileSide, count = blockLength(shape, block), width = shape->headWidth, offset = begin * shape->padded;
  packRows(placeOf(instruction, v, row, begin, head), strideOf(instruction, v), count, width, 1, at->values + offset);
  return packRows(placeOf(instruction, k, row, begin, head), strideOf(instruction, k), count, width, 1, at->keys + offset);
}

/* The same of q and dout, with what else belongs to a block of queries. */
static bool packQueries(const Job *job, const Scratch *at, int64_t row, int64_t head, int64_t block) {
  const Instruction *instruction = job->instruction;
  const AttentionShape *shape = &job->shape;
  int64_t begin = block * tileSide, count = blockLength(shape, block), width = shape->headWidth;
  bool queries = packRows(placeOf(instruction, q, row, begin, head), strideOf(instruction, q), count, width, shape->scale, at->queries);
  bool outGrads = packRows(placeOf(instruction, dout, row, begin, head), strideOf(instruction, dout), count, width, 1, at->outGrads);
  transposeRows(at->queries, roundUp(count, lanes), shape->padded, at->queryColumns, tileSide);
  transposeRows(at->outGrads, roundUp(count, lanes), shape->padded, at->outGradColumns, tileSide);
  for (int64_t query = 0; query < count; query++) {
    at->logs[query] = ((const float *)job->logs.data)[(row * shape->length + begin + query) * job->logs.stride + head];
    at->means[query] = dotProduct(at->outGrads + query * shape->padded, placeOf(instruction, out, row, begin + query, head), width);
  }
  return queries && outGrads;
}

static void gradBlock(const Job *job, const Scratch *at, int64_t row, int64_t head, int64_t block) {
  const Instruction *instruction = job->instruction;
  const AttentionShape *shape = &job->shape;
  int64_t begin = block * tileSide, queries = blockLength(shape, block);
  bool finite = packQueries(job, at, row, head, block);
  const int32_t *rowSegments = rowSegmentsOf(instruction, segments, row, begin, queries, at->querySegments);
  memset(at->querySums, 0, (size_t)(tileSide * shape->padded) * sizeof(float));
  for (int64_t keyBlock = 0; keyBlock <= block; keyBlock++) {
    Tile tile = tileOf(shape, block, keyBlock, rowSegments, at->querySegments);
    if (anySeen(&tile)) gradTile(job, at, &tile, finite && at->finite[keyBlock] != 0);
  }
  if (floats(instruction, dq) != NULL)
    unpackRows(at->querySums, queries, shape->headWidth, shape->scale, placeOf(instruction, dq, row, begin, head),
               strideOf(instruction, dq));
}

static void writeSums(const Job *job, int operand, const float *sums, int64_t row, int64_t head, int64_t begin, int64_t end) {
  if (floats(job->instruction, operand) == NULL) return;
  unpackRows(sums, end - begin, job->shape.headWidth, 1, placeOf(job->instruction, operand, row, begin, head),
             strideOf(job->instruction, operand));
}

/* How many of a row's blocks of keys a part's queries may see. */
static int64_t blocksSeen(const Job *job, int64_t part) {
  const AttentionShape *shape = &job->shape;
  int64_t first = partBegin(shape, shape->group, part, job->parts), last = partBegin(shape, shape->group, part + 1, job->parts) - 1;
  return first / shape->blocks == last / shape->blocks ? last % shape->blocks + 1 : shape->blocks;
}

static void gradPart(void *context, int64_t index, int thread) {
  const Job *job = context;
  const AttentionShape *shape = &job->shape;
  int64_t part = index % job->parts, head = index / job->parts % shape->keyValueHeads, row = index / job->parts / shape->keyValueHeads;
  int64_t wholeRow = shape->paddedLength * shape->padded, seen = blocksSeen(job, part);
  int64_t keys = least(seen * tileSide, shape->length);
  Arena arena = {poolScratch(job->pool, thread, (size_t)job->scratchFloats * sizeof(float)), 0};
  Scratch at = scratchFrom(&arena, shape, job->parts);
  if (job->parts > 1) {
    at.keySums = job->partSums + index * 2 * wholeRow;
    at.valueSums = at.keySums + wholeRow;
  }
  memset(at.keySums, 0, (size_t)(keys * shape->padded) * sizeof(float));
  memset(at.valueSums, 0, (size_t)(keys * shape->padded) * sizeof(float));
  for (int64_t block = 0; block < seen; block++) at.finite[block] = packKeys(job, &at, row, head, block);
  int64_t end = partBegin(shape, shape->group, part + 1, job->parts);
  for (int64_t block = partBegin(shape, shape->group, part, job->parts); block < end; block++)
    gradBlock(job, &at, row, head * shape->group + block / shape->blocks, block % shape->blocks);
  if (job->parts > 1) return;
  writeSums(job, dk, at.keySums, row, head, 0, keys);
  writeSums(job, dv, at.valueSums, row, head, 0, keys);
}

/* One block of keys of one head; the sums end up with the first part that sees it. */
static void addParts(void *context, int64_t index, int thread) {
  (void)thread;
  const Job *job = context;
  const AttentionShape *shape = &job->shape;
  int64_t block = index % shape->blocks, head = index / shape->blocks, begin = block * tileSide, count = blockLength(shape, block);
  int64_t wholeRow = shape->paddedLength * shape->padded;
  float *whole = NULL;
  for (int64_t part = 0; part < job->parts; part++) {
    if (blocksSeen(job, part) <= block) continue;
    float *sums = job->partSums + (head * job->parts + part) * 2 * wholeRow + begin * shape->padded;
    if (whole == NULL) whole = sums;
    else
      for (int64_t i = 0; i < count * shape->padded; i += lanes) {
        store(whole + i, load(whole + i) + load(sums + i));
        store(whole + wholeRow + i, load(whole + wholeRow + i) + load(sums + wholeRow + i));
      }
  }
  writeSums(job, dk, whole, head / shape->keyValueHeads, head % shape->keyValueHeads, begin, begin + count);
  writeSums(job, dv, whole + wholeRow, head / shape->keyValueHeads, head % shape->keyValueHeads, begin, begin + count);
}

static bool computeLogs(Job *job, float *logs) {
  Instruction forward = *job->instruction;
  job->logs = (Operand){logs, job->shape.heads};
  forward.operand[out] = (Operand){NULL, 0};
  forward.operand[logSumExp] = job->logs;
  return attention(&forward, job->pool);
}

bool attentionGrad(const Instruction *instruction, Pool *pool) {
  Job job = {.instruction = instruction, .pool = pool, .shape = attentionShape(instruction), .logs = instruction->operand[logSumExp]};
  const AttentionShape *shape = &job.shape;
  int64_t heads = shape->rows * shape->keyValueHeads;
  if (heads == 0 || shape->length == 0) return true;
  job.parts = least(partsFor(wantedTasks, heads, shape->group * shape->blocks, leastBlocks), mostParts);

  int64_t logFloats = job.logs.data == NULL ? roundUp(shape->rows * shape->length * shape->heads, 16) : 0;
  int64_t partFloats = job.parts > 1 ? heads * job.parts * 2 * shape->paddedLength * shape->padded : 0;
  if (logFloats + partFloats > 0) {
    float *shared = poolShared(pool, (size_t)(logFloats + partFloats) * sizeof(float));
    if (shared == NULL || (logFloats > 0 && !computeLogs(&job, shared))) return false;
    job.partSums = shared + logFloats;
  }

  Arena counted = {NULL, 0};
  scratchFrom(&counted, shape, job.parts);
  job.scratchFloats = counted.used;
  for (int thread = 0; thread < poolThreads(pool); thread++)
    if (poolScratch(pool, thread, (size_t)job.scratchFloats * sizeof(float)) == NULL) return false;
  poolRun(pool, heads * job.parts, gradPart, &job);
  if (job.parts > 1) poolRun(pool, heads * shape->blocks, addParts, &job);
  return true;
}
