/* C = A B and what follows on the way out. Knows nothing of where the matrices come from. */
#include "deadweight.h"

#include "epilogue.h"
#include "pack.h"
#include "pool.h"
#include "product-method.h"
#include "product-plan.h"

typedef struct {
  Method method;
  ProductPlan plan;
  bool aTransposed, bTransposed;
  Source a, b;
  int64_t columns;
  Epilogue epilogue;
  /* C is added to. */
  bool accumulates;
  Pool *pool;
  int64_t phase;
} Product;

/* A thread's memory: this, the block that it keeps, the piece at hand. */
typedef struct {
  int64_t block; /* -1: none */
  float kept[] __attribute__((aligned(64)));
} Packed;

static size_t scratchBytes(const ProductPlan *p) {
  return sizeof(Packed) + (size_t)(keptWords(p) + pieceWords(p)) * sizeof(float);
}

static int64_t wordsOfPhase(const Product *p) { return lengthOf(phaseUnits(&p->plan, p->phase)) * wordUnit; }

/* A from some row on, or B from some column on, where this phase begins. */
static Source sourceFrom(const Product *p, bool ofA, int64_t across) {
  int64_t along = phaseUnits(&p->plan, p->phase).begin * wordUnit * elementsPerWord(p->method.word);
  Source s = ofA ? p->a : p->b;
  bool down = ofA ? p->aTransposed : !p->bTransposed;
  return down ? sourceAt(s, along, across) : sourceAt(s, across, along);
}

__attribute__((always_inline)) static inline void packRows(const Word word, const Product *p, Range rows, float *to) {
  Source s = sourceFrom(p, true, rows.begin);
  if (p->aTransposed) packAcrossTurned(word, s, wordsOfPhase(p), lengthOf(rows), to, rowStride);
  else packAlong(word, s, lengthOf(rows), wordsOfPhase(p), to, rowStride);
}

__attribute__((always_inline)) static inline void packPanels(const Word word, const Product *p, Range panels, float *to) {
  Source s = sourceFrom(p, false, panels.begin * tileColumns);
  int64_t words = wordsOfPhase(p), count = lengthOf(panels);
  if (p->bTransposed) {
    for (int64_t j = 0; j < count; j++)
      packAlongTurned(word, sourceAt(s, j * tileColumns, 0), tileColumns, words, to + j * words * tileColumns, tileColumns);
    return;
  }
  /* By bands, so that rows are read in one go. */
  for (int64_t w = 0; w < words; w += wordUnit)
    for (int64_t j = 0; j < count; j++)
      packAcross(word, sourceAt(s, w * elementsPerWord(word), j * tileColumns), wordUnit, tileColumns,
                 to + (j * words + w) * tileColumns, tileColumns);
}

__attribute__((always_inline)) static inline void packAs(const Word word, const Product *p, bool ofA, Range range, float *to) {
  if (ofA) packRows(word, p, range, to);
  else packPanels(word, p, range, to);
}

static void pack(const Product *p, bool ofA, Range range, float *to) {
  switch (p->method.word) {
    case wordFloat: packAs(wordFloat, p, ofA, range, to); return;
    case wordRounded: packAs(wordRounded, p, ofA, range, to); return;
    case wordPair: packAs(wordPair, p, ofA, range, to); return;
  }
}

static void multiplyPacked(const Product *p, Range rows, const float *a, Range panels, const float *b) {
  float sums[largestTile] __attribute__((aligned(64)));
  int64_t words = wordsOfPhase(p), begin = phaseUnits(&p->plan, p->phase).begin * wordUnit;
  int64_t depth = smaller(p->plan.words - begin, words);
  int64_t tiles = partCount(lengthOf(rows), p->plan.tileRows), count = lengthOf(panels);
  for (int64_t step = 0; step < tiles * count; step++) {
    /* Along the rows of C, which may not fit a cache. */
    int64_t tile = step / count, panel = step % count;
    Range within = partOf(rows, tile, tiles);
    sumTile(p->method, lengthOf(within), depth, a + (within.begin - rows.begin) * rowStride, b + panel * words * tileColumns, sums);
    int64_t column = (panels.begin + panel) * tileColumns;
    Tile out = {within.begin, column, lengthOf(within), smaller(tileColumns, p->columns - column), sums};
    bool adds = p->accumulates || p->phase > 0;
    if (p->phase == p->plan.phases - 1) writeFinal(&p->epilogue, out, adds);
    else writePartial(&p->epilogue, out, adds);
  }
}

static void multiplyTask(void *context, int64_t index, int thread) {
  const Product *p = context;
  const ProductPlan *plan = &p->plan;
  Packed *packed = poolScratch(p->pool, thread, scratchBytes(plan));
  float *piece = packed->kept + keptWords(plan);
  int64_t block = index / plan->groups;
  Range kept = keptRange(plan, block), pieces = partOf((Range){0, plan->pieces}, index % plan->groups, plan->groups);
  if (packed->block != block) pack(p, plan->keepsA, kept, packed->kept);
  packed->block = block;
  beginTiles(p->method);
  for (int64_t i = pieces.begin; i < pieces.end; i++) {
    Range range = pieceRange(plan, i);
    pack(p, !plan->keepsA, range, piece);
    if (plan->keepsA) multiplyPacked(p, kept, packed->kept, range, piece);
    else multiplyPacked(p, range, piece, kept, packed->kept);
  }
  endTiles(p->method);
}

static Place placeOf(const Instruction *instruction, int index) {
  return (Place){floats(instruction, index), strideOf(instruction, index)};
}

static Product productOf(const Instruction *instruction, Pool *pool) {
  int64_t m = instruction->size[0], n = instruction->size[1], k = instruction->size[2];
  bool aTransposed = instruction->flags & flagATransposed, bTransposed = instruction->flags & flagBTransposed;
  Method method = methodFor(instruction->flags & flagBfloat16);
  Place c = placeOf(instruction, 2), residual = placeOf(instruction, 4);
  bool accumulates = residual.data != NULL && residual.data == c.data;
  return (Product){
      .method = method,
      .plan = planProduct(m, n, k, method.word, method.tileRows, aTransposed),
      .aTransposed = aTransposed,
      .bTransposed = bTransposed,
      .a = {floats(instruction, 0), strideOf(instruction, 0), aTransposed ? k : m, aTransposed ? m : k},
      .b = {floats(instruction, 1), strideOf(instruction, 1), bTransposed ? n : k, bTransposed ? k : n},
      .columns = n,
      .epilogue = {.alpha = (float)instruction->scalar[0],
                   .activation = activationOf(instruction),
                   .c = c,
                   .activated = placeOf(instruction, 5),
                   .bias = floats(instruction, 3),
                   .residual = accumulates ? (Place){0} : residual,
                   .gate = placeOf(instruction, 6)},
      .accumulates = accumulates,
      .pool = pool,
  };
}

static Packed *scratchOf(const Product *p, int thread) { return poolScratch(p->pool, thread, scratchBytes(&p->plan)); }

bool matrixProduct(const Instruction *instruction, Pool *pool) {
  Product p = productOf(instruction, pool);
  for (int thread = 0; thread < poolThreads(pool); thread++)
    if (scratchOf(&p, thread) == NULL) return false;
  for (p.phase = 0; p.phase < p.plan.phases; p.phase++) {
    for (int thread = 0; thread < poolThreads(pool); thread++) scratchOf(&p, thread)->block = -1;
    poolRun(pool, p.plan.blocks * p.plan.groups, multiplyTask, &p);
  }
  return true;
}
