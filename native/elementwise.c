/* Sums, products, copies and constants, element by element. Knows nothing of activations. */
#include "elementwise.h"

#include "cut.h"
#include "pool.h"
#include "vector.h"

typedef struct {
  const Instruction *instruction;
  Stretch *stretch;
  int operands;
  int64_t rows, n;
} Job;

static void sweep(void *context, int64_t index, int thread) {
  (void)thread;
  const Job *job = context;
  int64_t across = partCount(job->n, columnsPerTask(job->n));
  Range rows = partAt(job->rows, rowsPerTask(job->n), index / across);
  Range columns = partAt(job->n, columnsPerTask(job->n), index % across);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    float *operands[operandCount];
    for (int i = 0; i < job->operands; i++) {
      float *data = floats(job->instruction, i);
      operands[i] = data == NULL ? NULL : data + row * strideOf(job->instruction, i) + columns.begin;
    }
    job->stretch(job->instruction, operands, columns.end - columns.begin);
  }
}

bool overElements(const Instruction *instruction, Pool *pool, int operands, Stretch *stretch) {
  Job job = {instruction, stretch, operands, instruction->size[0], instruction->size[1]};
  bool dense = true;
  for (int i = 0; i < operands; i++)
    if (floats(instruction, i) != NULL && strideOf(instruction, i) != job.n) dense = false;
  if (dense) {
    job.n *= job.rows;
    job.rows = 1;
  }
  int64_t tasks = partCount(job.rows, rowsPerTask(job.n)) * partCount(job.n, columnsPerTask(job.n));
  poolRun(pool, tasks, sweep, &job);
  return true;
}

static void copyStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  (void)instruction;
  memcpy(operands[1], operands[0], (size_t)count * sizeof(float));
}

bool copy(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 2, copyStretch); }

static inline void addAt(float *const *operands, int64_t i, int64_t count) {
  storePart(operands[2] + i, loadPart(operands[0] + i, count) + loadPart(operands[1] + i, count), count);
}

static void addStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  (void)instruction;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) addAt(operands, i, lanes);
  addAt(operands, i, count - i);
}

bool add(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 3, addStretch); }

static inline void multiplyAt(float *const *operands, int64_t i, int64_t count) {
  storePart(operands[2] + i, loadPart(operands[0] + i, count) * loadPart(operands[1] + i, count), count);
}

static void multiplyStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  (void)instruction;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) multiplyAt(operands, i, lanes);
  multiplyAt(operands, i, count - i);
}

bool multiply(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 3, multiplyStretch); }

static void scaleStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  const Vector factor = broadcast((float)instruction->scalar[0]);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(operands[1] + i, factor * load(operands[0] + i));
  storePart(operands[1] + i, factor * loadPart(operands[0] + i, count - i), count - i);
}

bool scale(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 2, scaleStretch); }

static void fillStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  const Vector value = broadcast((float)instruction->scalar[0]);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(operands[0] + i, value);
  storePart(operands[0] + i, value, count - i);
}

bool fill(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 1, fillStretch); }
