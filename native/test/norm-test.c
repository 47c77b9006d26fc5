/* layerNorm, rmsNorm and their gradients against their definitions in double. */
#include "kernel-check.h"

typedef struct {
  int64_t rows, n, gap;
  bool centred;
  double epsilon, mean;
} Shape;

/* Normalized rows, dense, and the inverse scale of each. */
static void normalize(Shape shape, Matrix x, double *normalized, double *inverse) {
  for (int64_t r = 0; r < shape.rows; r++) {
    double mean = 0, square = 0;
    for (int64_t c = 0; c < shape.n; c++) mean += shape.centred ? *at(x, r, c) / (double)shape.n : 0;
    for (int64_t c = 0; c < shape.n; c++) square += pow(*at(x, r, c) - mean, 2) / (double)shape.n;
    inverse[r] = 1 / sqrt(square + shape.epsilon);
    for (int64_t c = 0; c < shape.n; c++) normalized[r * shape.n + c] = (*at(x, r, c) - mean) * inverse[r];
  }
}

static Matrix rowsAbout(Shape shape, int64_t gap) {
  Matrix x = someMatrix(shape.rows, shape.n, shape.n + gap);
  for (int64_t i = 0; i < heldBy(x); i++) x.data[i] += (float)shape.mean;
  return x;
}

static Instruction instructionOf(Shape shape) {
  return (Instruction){.flags = shape.centred ? flagCentred : 0, .size = {shape.rows, shape.n}, .scalar = {shape.epsilon}};
}

static void checkNorm(Shape shape, bool shifted, bool inPlace) {
  const int64_t n = shape.n;
  Matrix x = rowsAbout(shape, shape.gap), y = someMatrix(shape.rows, n, n + 2 * shape.gap);
  Matrix scale = someMatrix(1, n, n), shift = someMatrix(1, n, n);
  double *expected = doubles(shape.rows * n), *sizes = doubles(shape.rows * n), *inverse = doubles(shape.rows);
  normalize(shape, x, expected, inverse);
  for (int64_t i = 0; i < shape.rows * n; i++) {
    double added = shifted ? shift.data[i % n] : 0;
    sizes[i] = (fabs(expected[i]) + 1) * fabsf(scale.data[i % n]) + fabs(added);
    expected[i] = expected[i] * scale.data[i % n] + added;
  }
  Instruction instruction = instructionOf(shape);
  Matrix out = inPlace ? x : y;
  const Operand operands[] = {operandOf(x), operandOf(scale), shifted ? operandOf(shift) : (Operand){NULL, 0}, operandOf(out)};
  memcpy(instruction.operand, operands, sizeof operands);
  runKernel("norm", norm, &instruction, &out, 1);
  expectMatrix("norm", out, expected, sizes, 1e-6);
  free(x.data);
  free(y.data);
  free(scale.data);
  free(shift.data);
  free(expected);
  free(sizes);
  free(inverse);
}

/* What is asked of normGrad. */
typedef struct {
  bool dx, dscale, dshift;
  enum { residualNone, residualApart, residualIsDx } residual;
} Wish;

static void checkGrad(Shape shape, Wish wish) {
  const int64_t rows = shape.rows, n = shape.n;
  Matrix x = rowsAbout(shape, shape.gap), dy = someMatrix(rows, n, n + 2 * shape.gap);
  Matrix dx = someMatrix(rows, n, n + 3 * shape.gap), residual = someMatrix(rows, n, n + shape.gap);
  Matrix scale = someMatrix(1, n, n), dscale = someMatrix(1, n, n), dshift = someMatrix(1, n, n);
  Matrix added = wish.residual == residualIsDx ? dx : residual;

  double *normalized = doubles(rows * n), *inverse = doubles(rows);
  double *expectedDx = doubles(rows * n), *expectedDscale = doubles(n), *expectedDshift = doubles(n);
  double *sizesDx = doubles(rows * n), *sizesDscale = doubles(n), *sizesDshift = doubles(n);
  normalize(shape, x, normalized, inverse);
  for (int64_t r = 0; r < rows; r++) {
    double mean = 0, projection = 0, meanSize = 0, projectionSize = 0;
    for (int64_t c = 0; c < n; c++) {
      double dh = (double)*at(dy, r, c) * scale.data[c], h = normalized[r * n + c];
      mean += shape.centred ? dh / (double)n : 0;
      meanSize += fabs(dh) / (double)n;
      projection += dh * h / (double)n;
      projectionSize += fabs(dh * h) / (double)n;
      expectedDscale[c] += *at(dy, r, c) * h;
      sizesDscale[c] += fabsf(*at(dy, r, c)) * (fabs(h) + 1);
      expectedDshift[c] += *at(dy, r, c);
      sizesDshift[c] += fabsf(*at(dy, r, c));
    }
    for (int64_t c = 0; c < n; c++) {
      double dh = (double)*at(dy, r, c) * scale.data[c], h = normalized[r * n + c];
      double residue = wish.residual != residualNone ? *at(added, r, c) : 0;
      expectedDx[r * n + c] = (dh - mean - h * projection) * inverse[r] + residue;
      sizesDx[r * n + c] = (fabs(dh) + meanSize + (fabs(h) + 1) * projectionSize) * inverse[r] + fabs(residue);
    }
  }

  Instruction instruction = instructionOf(shape);
  const Operand none = {NULL, 0};
  const Operand operands[] = {operandOf(x),
                              operandOf(scale),
                              operandOf(dy),
                              wish.dx ? operandOf(dx) : none,
                              wish.dscale ? operandOf(dscale) : none,
                              wish.dshift ? operandOf(dshift) : none,
                              wish.residual != residualNone ? operandOf(added) : none};
  memcpy(instruction.operand, operands, sizeof operands);
  Matrix outputs[3];
  int count = 0;
  if (wish.dx) outputs[count++] = dx;
  if (wish.dscale) outputs[count++] = dscale;
  if (wish.dshift) outputs[count++] = dshift;
  runKernel("normGrad", normGrad, &instruction, outputs, count);
  if (wish.dx) expectMatrix("normGrad dx", dx, expectedDx, sizesDx, 1e-6);
  if (wish.dscale) expectMatrix("normGrad dscale", dscale, expectedDscale, sizesDscale, 1e-6);
  if (wish.dshift) expectMatrix("normGrad dshift", dshift, expectedDshift, sizesDshift, 1e-6);

  Matrix matrices[] = {x, dy, dx, residual, scale, dscale, dshift};
  for (int i = 0; i < 7; i++) free(matrices[i].data);
  double *oracles[] = {normalized, inverse, expectedDx, expectedDscale, expectedDshift, sizesDx, sizesDscale, sizesDshift};
  for (int i = 0; i < 8; i++) free(oracles[i]);
}

static void checkShape(Shape shape) {
  checkNorm(shape, true, false);
  checkNorm(shape, false, true);
  checkGrad(shape, (Wish){true, true, true, residualNone});
  checkGrad(shape, (Wish){true, true, false, residualApart});
  checkGrad(shape, (Wish){true, false, false, residualIsDx});
  checkGrad(shape, (Wish){false, true, true, residualNone});
  checkGrad(shape, (Wish){false, false, true, residualNone});
}

/* A value that is not a number spoils its row and the sums over rows, and nothing else. */
static void checkSpecials(float special, bool centred) {
  Shape shape = {40, 37, 0, centred, 1e-5, 0};
  Matrix x = rowsAbout(shape, 0), dy = rowsAbout(shape, 0), scale = someMatrix(1, 37, 37), dscale = someMatrix(1, 37, 37);
  Matrix clean = someMatrix(40, 37, 37), spoilt = someMatrix(40, 37, 37);
  Instruction forward = instructionOf(shape), backward = instructionOf(shape);
  for (int turn = 0; turn < 2; turn++) {
    if (turn == 1) *at(x, 7, 36) = special;
    forward.operand[0] = backward.operand[0] = operandOf(x);
    forward.operand[1] = backward.operand[1] = operandOf(scale);
    forward.operand[3] = operandOf(turn == 0 ? clean : spoilt);
    norm(&forward, pools[1]);
  }
  for (int64_t r = 0; r < 40; r++)
    if (r != 7) expectSame("norm beside a NaN", at(spoilt, r, 0), at(clean, r, 0), 37);
  for (int64_t c = 0; c < 37; c++) {
    /* rms of an infinite row: finite / infinite */
    bool zero = !centred && isinf(special) && c < 36;
    expectFloat("norm of a NaN", *at(spoilt, 7, c), zero ? 0 : NAN);
  }
  backward.operand[2] = operandOf(dy);
  backward.operand[3] = operandOf(spoilt);
  backward.operand[4] = operandOf(dscale);
  normGrad(&backward, pools[1]);
  expectFloat("dscale of a NaN", dscale.data[36], NAN);
  for (int64_t c = 0; c < 37; c++) {
    expectFloat("dx of a NaN", isfinite(*at(spoilt, 7, 36)), 0);
    if (!isfinite(*at(spoilt, 6, c)) || !isfinite(*at(spoilt, 8, c))) failures++;
  }
  Matrix matrices[] = {x, dy, scale, dscale, clean, spoilt};
  for (int i = 0; i < 6; i++) free(matrices[i].data);
}

int main(void) {
  openPools();
  const int64_t rows[] = {0, 1, 2, 17, 67, 301}, columns[] = {1, 2, 15, 16, 17, 31, 33, 97, 128, 769, 1031};
  for (int centred = 0; centred < 2; centred++)
    for (int r = 0; r < 6; r++)
      for (int c = 0; c < 11; c++)
        checkShape((Shape){rows[r], columns[c], (r + c) % 2 * 3, centred, columns[c] < 8 ? 0.1 : 1e-5, (r + c) % 3});
  checkShape((Shape){33, 1000, 0, true, 1e-5, 3000});
  checkShape((Shape){3, 20011, 0, true, 1e-5, -1e5});
  checkShape((Shape){3, 20011, 0, false, 1e-5, 1});
  for (int centred = 0; centred < 2; centred++) {
    checkSpecials(NAN, centred);
    checkSpecials(INFINITY, centred);
  }
  closePools();
  return outcome("norm");
}
