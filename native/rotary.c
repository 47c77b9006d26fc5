/*
 * Rotary position embedding: element i of each head turns with element i + pairs, by position x frequency[i] (Su et al. 2021, in the
 * halves' order of GPT-NeoX and Llama). Knows nothing of attention, or of where frequencies come from.
 */
#include <math.h>

#include "cut.h"
#include "deadweight.h"
#include "pool.h"
#include "vector.h"

enum { x, positions, y, cosines, sines, frequencies };

typedef struct {
  const Instruction *instruction;
  Pool *pool;
  int64_t rows, heads, headWidth, pairs, tableRows;
} Job;

typedef struct {
  const float *cosines, *sines;
} Turn;

/* From the table, or else computed into `scratch`, [2, pairs]. */
static Turn turnAt(const Job *job, int32_t position, float *scratch) {
  const Instruction *instruction = job->instruction;
  if (position >= 0 && position < job->tableRows)
    return (Turn){floats(instruction, cosines) + position * strideOf(instruction, cosines),
                  floats(instruction, sines) + position * strideOf(instruction, sines)};
  const double *frequency = instruction->operand[frequencies].data;
  for (int64_t i = 0; i < job->pairs; i++) {
    scratch[i] = (float)cos(position * frequency[i]);
    scratch[job->pairs + i] = (float)sin(position * frequency[i]);
  }
  return (Turn){scratch, scratch + job->pairs};
}

static void turnHead(const Job *job, Turn turn, float direction, const float *from, float *to) {
  int64_t pairs = job->pairs, rest = job->headWidth - 2 * pairs;
  for (int64_t i = 0; i < pairs; i += lanes) {
    int64_t count = pairs - i;
    Vector a = loadUpTo(from + i, count), b = loadUpTo(from + pairs + i, count);
    Vector cosine = loadUpTo(turn.cosines + i, count), sine = loadUpTo(turn.sines + i, count) * direction;
    storeUpTo(to + i, a * cosine - b * sine, count);
    storeUpTo(to + pairs + i, b * cosine + a * sine, count);
  }
  if (to != from && rest > 0) memcpy(to + 2 * pairs, from + 2 * pairs, (size_t)rest * sizeof(float));
}

static void turnRows(void *context, int64_t index, int thread) {
  const Job *job = context;
  const Instruction *instruction = job->instruction;
  float *scratch = poolScratch(job->pool, thread, (size_t)(2 * job->pairs) * sizeof(float));
  float direction = (float)instruction->scalar[0];
  Range rows = partAt(job->rows, rowsPerTask(job->heads * job->headWidth), index);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    Turn turn = turnAt(job, integers(instruction, positions)[row], scratch);
    const float *from = floats(instruction, x) + row * strideOf(instruction, x);
    float *to = floats(instruction, y) + row * strideOf(instruction, y);
    for (int64_t head = 0; head < job->heads; head++)
      turnHead(job, turn, direction, from + head * job->headWidth, to + head * job->headWidth);
  }
}

bool rotary(const Instruction *instruction, Pool *pool) {
  const int64_t *size = instruction->size;
  Job job = {instruction, pool, size[0], size[1], size[2], size[3], size[4]};
  for (int thread = 0; thread < poolThreads(pool); thread++)
    if (poolScratch(pool, thread, (size_t)(2 * job.pairs) * sizeof(float)) == NULL) return false;
  poolRun(pool, partCount(job.rows, rowsPerTask(job.heads * job.headWidth)), turnRows, &job);
  return true;
}
