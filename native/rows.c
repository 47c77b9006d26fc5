/* Rows picked from a table by index, and added up into one. Knows nothing of embeddings. */
#include <math.h>

#include "cut.h"
#include "deadweight.h"
#include "pool.h"
#include "vector.h"

static void gatherBlock(void *context, int64_t index, int thread) {
  (void)thread;
  const Instruction *instruction = context;
  const int64_t n = instruction->size[1], count = instruction->size[2];
  const int32_t *rows = integers(instruction, 1);
  Range block = partAt(instruction->size[0], rowsPerTask(n), index);
  for (int64_t r = block.begin; r < block.end; r++) {
    float *y = floats(instruction, 2) + r * strideOf(instruction, 2);
    if (rows[r] >= 0 && rows[r] < count)
      memcpy(y, floats(instruction, 0) + rows[r] * strideOf(instruction, 0), (size_t)n * sizeof(float));
    else
      for (int64_t i = 0; i < n; i++) y[i] = NAN;
  }
}

bool gatherRows(const Instruction *instruction, Pool *pool) {
  poolRun(pool, partCount(instruction->size[0], rowsPerTask(instruction->size[1])), gatherBlock, (void *)instruction);
  return true;
}

/* Narrow slices, so that a table of few rows keeps several threads busy. */
enum { sliceColumns = 256, blockRows = taskElements / sliceColumns };

typedef struct {
  const Instruction *instruction;
  /* y's rows, in order, that go to block b of the table: sources[begins[b]] up to sources[begins[b + 1]] */
  const int64_t *begins, *sources;
} Scatter;

static void scatterBlock(void *context, int64_t index, int thread) {
  (void)thread;
  const Scatter *job = context;
  const Instruction *instruction = job->instruction;
  const int64_t n = instruction->size[1], stride = strideOf(instruction, 3), slices = partCount(n, sliceColumns);
  const int64_t block = index / slices;
  Range table = partAt(instruction->size[2], blockRows, block), columns = partAt(n, sliceColumns, index % slices);
  const int64_t count = columns.end - columns.begin;
  const size_t bytes = (size_t)count * sizeof(float);
  const float *base = floats(instruction, 2);
  float *out = floats(instruction, 3);

  if (base != out)
    for (int64_t r = table.begin; r < table.end; r++) {
      float *to = out + r * stride + columns.begin;
      if (base == NULL) memset(to, 0, bytes);
      else memcpy(to, base + r * strideOf(instruction, 2) + columns.begin, bytes);
    }
  for (int64_t s = job->begins[block]; s < job->begins[block + 1]; s++) {
    const float *y = floats(instruction, 1) + job->sources[s] * strideOf(instruction, 1) + columns.begin;
    float *to = out + integers(instruction, 0)[job->sources[s]] * stride + columns.begin;
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) store(to + i, load(to + i) + load(y + i));
    for (; i < count; i++) to[i] += y[i];
  }
}

/* A counting sort, stable. @returns whether all rows lie within the table; others are left out. */
static bool sortByBlock(const int32_t *rows, int64_t rowCount, int64_t count, int64_t *begins, int64_t *sources) {
  bool within = true;
  int64_t blocks = partCount(count, blockRows);
  memset(begins, 0, (size_t)(blocks + 1) * sizeof(int64_t));
  for (int64_t r = 0; r < rowCount; r++) {
    if (rows[r] >= 0 && rows[r] < count) begins[rows[r] / blockRows]++;
    else within = false;
  }
  for (int64_t b = 1; b <= blocks; b++) begins[b] += begins[b - 1];
  /* Each block's end moves back to its begin. */
  for (int64_t r = rowCount - 1; r >= 0; r--)
    if (rows[r] >= 0 && rows[r] < count) sources[--begins[rows[r] / blockRows]] = r;
  return within;
}

bool scatterAddRows(const Instruction *instruction, Pool *pool) {
  const int64_t rowCount = instruction->size[0], n = instruction->size[1], count = instruction->size[2];
  const int64_t blocks = partCount(count, blockRows);
  int64_t *begins = poolShared(pool, (size_t)(blocks + 1 + rowCount) * sizeof(int64_t));
  if (begins == NULL) return false;
  int64_t *sources = begins + blocks + 1;
  bool within = sortByBlock(integers(instruction, 0), rowCount, count, begins, sources);
  Scatter job = {instruction, begins, sources};
  poolRun(pool, blocks * partCount(n, sliceColumns), scatterBlock, &job);
  if (!within && n > 0 && count > 0) floats(instruction, 3)[0] = NAN;
  return true;
}
