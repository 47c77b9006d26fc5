/* Attention, forward and backward, against its definition. */
#include "attention-oracle.h"

static const char *const nameOf[matrices] = {"q", "k", "v", "out", "logSumExp", "dout", "dq", "dk", "dv"};
static const int placeOf[matrices] = {0, 1, 2, 4, 5, 6, 7, 8, 9};
enum { segmentsPlace = 3 };

static Instruction instructionFor(const Problem *p) {
  const Case *c = &p->of;
  Instruction instruction = {.size = {c->rows, c->length, c->heads, c->keyHeads, c->width}, .scalar = {c->scale}};
  for (int i = 0; i < matrices; i++) instruction.operand[placeOf[i]] = operandOf(p->matrix[i]);
  instruction.operand[segmentsPlace].data = p->segments;
  return instruction;
}

static const char *describe(const Problem *p, const char *what) {
  static char text[160];
  const Case *c = &p->of;
  snprintf(text, sizeof text, "attention %dx%d heads %d/%d x %d segments %d: %s", (int)c->rows, (int)c->length, (int)c->heads,
           (int)c->keyHeads, (int)c->width, c->segments, what);
  return text;
}

static void expectSolved(const Problem *p, int which, double tolerance) {
  expectMatrix(describe(p, nameOf[which]), p->matrix[which], p->expected[which], p->sizes[which], tolerance);
}

/* The gradients that are asked for must be those of before, to the bit. */
static void expectAgain(const Problem *p, Instruction instruction, const char *what, bool logsGiven, const bool wanted[3]) {
  float *before[3];
  for (int i = 0; i < 3; i++) {
    Matrix m = p->matrix[dq + i];
    before[i] = someFloats(countOf(&p->of, dq + i));
    for (int64_t row = 0; row < m.rows; row++)
      for (int64_t column = 0; column < m.n; column++) {
        before[i][row * m.n + column] = *at(m, row, column);
        if (wanted[i]) *at(m, row, column) = NAN;
      }
    if (!wanted[i]) instruction.operand[placeOf[dq + i]].data = NULL;
  }
  if (!logsGiven) instruction.operand[placeOf[logs]] = (Operand){NULL, 0};
  if (!attentionGrad(&instruction, pools[1])) failures++;
  for (int i = 0; i < 3; i++) {
    Matrix m = p->matrix[dq + i];
    for (int64_t row = 0; row < m.rows; row++) expectSame(describe(p, what), at(m, row, 0), before[i] + row * m.n, m.n);
    free(before[i]);
  }
}

static void check(Case c, double tolerance) {
  Problem p = pose(c);
  solve(&p);
  Instruction instruction = instructionFor(&p);
  const Matrix forward[] = {p.matrix[out], p.matrix[logs]};
  runKernel(describe(&p, "forward"), attention, &instruction, forward, 2);
  expectSolved(&p, out, tolerance);
  expectSolved(&p, logs, tolerance);
  runKernel(describe(&p, "backward"), attentionGrad, &instruction, c.sliced ? p.slices + 1 : p.matrix + dq, c.sliced ? 1 : 3);
  for (int i = dq; i <= dv; i++) expectSolved(&p, i, tolerance);
  expectAgain(&p, instruction, "without logSumExp", false, (const bool[]){true, true, true});
  for (int i = 1; i < 7; i++) expectAgain(&p, instruction, "some gradients", true, (const bool[]){i & 1, i & 2, i & 4});
  dismiss(&p);
}

/* What the forward pass has given is the backward pass's input, whatever it holds. */
static void checkOutKept(void) {
  Problem p = pose((Case){1, 70, 2, 2, 8, oneSegment, 0.5, false});
  Instruction instruction = instructionFor(&p);
  instruction.operand[placeOf[logs]] = (Operand){NULL, 0};
  float *before = someFloats(heldBy(p.matrix[out]));
  memcpy(before, p.matrix[out].data, (size_t)heldBy(p.matrix[out]) * sizeof(float));
  if (!attentionGrad(&instruction, pools[1])) failures++;
  expectSame("attentionGrad: out", p.matrix[out].data, before, heldBy(p.matrix[out]));
  free(before);
  dismiss(&p);
}

static void checkShapes(void) {
  static const int64_t lengths[] = {1, 2, 3, 31, 63, 64, 65, 97, 127, 193}, widths[] = {1, 3, 8, 16, 17, 24, 32, 48, 64, 80, 128};
  const double tolerance = 4e-6;
  for (int i = 0; i < 10; i++)
    for (int kind = 0; kind < segmentKinds; kind++)
      check((Case){2, lengths[i], 2, 1, widths[(i * 4 + kind * 3) % 11], kind, 0.7, kind % 2 == i % 2}, tolerance);
  for (int i = 0; i < 11; i++) check((Case){1, 67, 3, 3, widths[i], i % 3, 1 / sqrt((double)widths[i]), i % 2 == 0}, tolerance);
  check((Case){1, 33, 2, 1, 256, oneSegment, 0.1, false}, tolerance);
  check((Case){1, 200, 6, 2, 16, runs, 0.25, true}, tolerance);
  check((Case){3, 70, 8, 1, 5, oneSegment, -0.5, false}, tolerance);
  /* Long enough that both passes are cut into parts. */
  check((Case){1, 577, 2, 1, 8, oneSegment, 0.4, true}, tolerance);
  check((Case){1, 600, 1, 1, 6, runs, 0.4, false}, tolerance);
  check((Case){1, 0, 1, 1, 4, oneSegment, 1, false}, 0);
}

/* Scores up to 1e4 do not overflow; float32's own error in such a score is some 1e-3. */
static void checkLargeScores(void) {
  check((Case){1, 130, 2, 2, 32, oneSegment, 2e3, false}, 1e-2);
  check((Case){1, 130, 2, 2, 32, runs, 1e-30, false}, 4e-6);
}

/* What depends on a value that is not finite is not finite, and nothing else is. */
static void checkSpoilt(int which, float value, int64_t position, Case c) {
  Problem p = pose(c);
  *at(p.matrix[which], position, 1) = value;
  solve(&p);
  Instruction instruction = instructionFor(&p);
  int64_t wrong = 0;
  if (!attention(&instruction, pools[0]) || !attentionGrad(&instruction, pools[1])) failures++;
  for (int i = out; i < matrices; i++)
    for (int64_t j = 0; i != dout && j < countOf(&c, i); j++) {
      double expected = p.expected[i][j], actual = *at(p.matrix[i], j / p.matrix[i].n, j % p.matrix[i].n);
      bool near = fabs(actual - expected) < 1e-5 * (1 + fabs(expected));
      if (isfinite(expected) ? near : isnan(expected) ? isnan(actual) : actual == expected) continue;
      if (wrong++ == 0)
        fprintf(stderr, "%s is %g at %d, segments %d: %s[%d] is %g, expected %g\n", nameOf[which], value, (int)position, c.segments,
                nameOf[i], (int)j, actual, expected);
    }
  failures += wrong > 0;
  dismiss(&p);
}

static void checkNotFinite(void) {
  static const int64_t positions[] = {0, 5, 63, 64, 100, 129};
  for (int i = 0; i < 6; i++)
    for (int kind = 0; kind < segmentKinds; kind++) {
      Case c = {1, 130, 2, 1, 9, kind, 0.5, false};
      checkSpoilt(q, NAN, positions[i], c);
      checkSpoilt(k, NAN, positions[i], c);
      checkSpoilt(v, NAN, positions[i], c);
      checkSpoilt(dout, NAN, positions[i], c);
      checkSpoilt(v, INFINITY, positions[i], c);
    }
}

int main(void) {
  openPools();
  checkShapes();
  checkLargeScores();
  checkNotFinite();
  checkOutKept();
  closePools();
  return outcome("attention");
}
