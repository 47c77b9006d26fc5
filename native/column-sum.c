/* Column sums in parallel and in a fixed order. Knows nothing of what is summed. */
#include "column-sum.h"

#include "cut.h"
#include "deadweight.h"
#include "vector.h"

/* Columns of a task: their sums stay in the L1 cache. */
enum { sliceColumns = 1024, partialColumns = 256 };

int64_t chunkRows(int64_t n) {
  int64_t rows = rowsPerTask(n);
  return rows < 16 ? 16 : rows > 64 ? 64 : rows;
}

int64_t partialStride(int64_t n) { return (n + 15) / 16 * 16; }

typedef struct {
  const float *partials;
  int64_t chunks, n;
  float *out;
} PartialSums;

static void addPartialColumns(void *context, int64_t index, int thread) {
  (void)thread;
  const PartialSums *job = context;
  Range columns = partAt(job->n, partialColumns, index);
  int64_t count = columns.end - columns.begin;
  double sums[partialColumns] = {0};
  for (int64_t chunk = 0; chunk < job->chunks; chunk++) {
    const float *partial = job->partials + chunk * partialStride(job->n) + columns.begin;
    for (int64_t i = 0; i < count; i++) sums[i] += partial[i];
  }
  for (int64_t i = 0; i < count; i++) job->out[columns.begin + i] = (float)sums[i];
}

void addPartials(Pool *pool, const float *partials, int64_t chunks, int64_t n, float *out) {
  PartialSums job = {partials, chunks, n, out};
  poolRun(pool, partCount(n, partialColumns), addPartialColumns, &job);
}

typedef struct {
  const Instruction *instruction;
  float *partials;
} ColumnSum;

static void sumChunk(void *context, int64_t index, int thread) {
  (void)thread;
  const ColumnSum *job = context;
  int64_t n = job->instruction->size[1], slices = partCount(n, sliceColumns);
  Range rows = partAt(job->instruction->size[0], chunkRows(n), index / slices);
  Range columns = partAt(n, sliceColumns, index % slices);
  int64_t count = columns.end - columns.begin;
  float *sums = job->partials + index / slices * partialStride(n) + columns.begin;
  memset(sums, 0, (size_t)count * sizeof(float));
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const float *x = floats(job->instruction, 0) + row * strideOf(job->instruction, 0) + columns.begin;
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) store(sums + i, load(sums + i) + load(x + i));
    for (; i < count; i++) sums[i] += x[i];
  }
}

bool columnSum(const Instruction *instruction, Pool *pool) {
  int64_t rows = instruction->size[0], n = instruction->size[1];
  int64_t chunks = partCount(rows, chunkRows(n));
  ColumnSum job = {instruction, poolShared(pool, (size_t)(chunks * partialStride(n)) * sizeof(float))};
  if (job.partials == NULL && chunks * n > 0) return false;
  poolRun(pool, chunks * partCount(n, sliceColumns), sumChunk, &job);
  addPartials(pool, job.partials, chunks, n, floats(instruction, 1));
  return true;
}
