/* matrixProduct against plain loops in double: shapes, layouts, what follows on the way out, and threads. */
#include "kernel-check.h"

enum { activations = 4 };

static double logistic(double x) { return 1 / (1 + exp(-x)); }

static double activated(Activation which, double x) {
  if (which == activationGeluTanh) return x * logistic(2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
  if (which == activationGelu) return x * erfc(-x / sqrt(2)) / 2;
  return which == activationSilu ? x * logistic(x) : x;
}

/* By central differences: this test is not about activations. */
static double slope(Activation which, double x) {
  const double h = 1e-5;
  return (activated(which, x + h) - activated(which, x - h)) / (2 * h);
}

static float roundedToBfloat16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (!isnan(x)) bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* What a product is asked for beside A B. */
typedef struct {
  bool writesC, bias, otherResidual, intoItself, activates, gate;
} Extras;

static const Extras extras[] = {
    {.writesC = true},
    {.writesC = true, .bias = true},
    {.writesC = true, .intoItself = true},
    {.writesC = true, .otherResidual = true},
    {.writesC = true, .bias = true, .otherResidual = true},
    {.writesC = true, .gate = true},
    {.activates = true},
    {.activates = true, .bias = true, .otherResidual = true},
    {.writesC = true, .activates = true, .bias = true},
    {.writesC = true, .activates = true, .intoItself = true, .bias = true},
    {.writesC = true, .activates = true, .bias = true, .otherResidual = true, .gate = true},
};
enum { extraCount = sizeof extras / sizeof *extras };

typedef struct {
  int64_t m, n, k;
} Shape;

/* op(A) or op(B), dense, as the kernel takes it. */
static double *factorOf(Matrix m, bool turned, bool rounds) {
  double *factor = doubles(m.rows * m.n);
  for (int64_t i = 0; i < m.rows; i++)
    for (int64_t j = 0; j < m.n; j++)
      factor[turned ? j * m.rows + i : i * m.n + j] = rounds ? roundedToBfloat16(*at(m, i, j)) : *at(m, i, j);
  return factor;
}

/* op(A) op(B), dense, and the same of magnitudes. */
static void sumProducts(Shape s, int flags, Matrix a, Matrix b, double *sums, double *sizes) {
  bool rounds = flags & flagBfloat16;
  double *left = factorOf(a, flags & flagATransposed, rounds), *right = factorOf(b, flags & flagBTransposed, rounds);
  for (int64_t i = 0; i < s.m; i++)
    for (int64_t l = 0; l < s.k; l++)
      for (int64_t j = 0; j < s.n; j++) {
        double term = left[i * s.k + l] * right[l * s.n + j];
        sums[i * s.n + j] += term;
        sizes[i * s.n + j] += fabs(term);
      }
  free(left);
  free(right);
}

/* Of the sum of magnitudes: a float's rounding, a few times over. */
static const double tolerance = 1e-6;

static void testProduct(Shape s, int flags, Extras e, Activation which, int64_t gap) {
  char what[160];
  snprintf(what, sizeof what, "[%d, %d, %d]%s%s%s, activation %d, C %d bias %d residual %d%d activated %d gate %d", (int)s.m, (int)s.n,
           (int)s.k, flags & flagATransposed ? " A'" : "", flags & flagBTransposed ? " B'" : "", flags & flagBfloat16 ? " bfloat16" : "",
           which, e.writesC, e.bias, e.otherResidual, e.intoItself, e.activates, e.gate);
  bool aTurned = flags & flagATransposed, bTurned = flags & flagBTransposed;
  Matrix a = someMatrix(aTurned ? s.k : s.m, aTurned ? s.m : s.k, (aTurned ? s.m : s.k) + gap);
  Matrix b = someMatrix(bTurned ? s.n : s.k, bTurned ? s.k : s.n, (bTurned ? s.k : s.n) + 2 * gap);
  Matrix c = someMatrix(s.m, s.n, s.n + gap), y = someMatrix(s.m, s.n, s.n + 3 * gap), bias = someMatrix(1, s.n, s.n);
  Matrix residual = someMatrix(s.m, s.n, s.n + gap), gate = someMatrix(s.m, s.n, s.n + 2 * gap);
  double alpha = 0.75, *expected = doubles(s.m * s.n), *sizes = doubles(s.m * s.n), *expectedActivated = doubles(s.m * s.n);
  sumProducts(s, flags, a, b, expected, sizes);
  for (int64_t i = 0; i < s.m * s.n; i++) {
    int64_t row = i / s.n, column = i % s.n;
    double v = alpha * expected[i], size = alpha * sizes[i];
    if (e.bias) v += bias.data[column], size += fabs(bias.data[column]);
    if (e.gate) v *= slope(which, *at(gate, row, column));
    double added = e.otherResidual ? *at(residual, row, column) : e.intoItself ? *at(c, row, column) : 0;
    expected[i] = v + added;
    sizes[i] = size + fabs(added);
    expectedActivated[i] = activated(which, expected[i]);
  }
  Instruction instruction = {.flags = flags | which << activationShift, .size = {s.m, s.n, s.k}, .scalar = {alpha}};
  instruction.operand[0] = operandOf(a);
  instruction.operand[1] = operandOf(b);
  if (e.writesC) instruction.operand[2] = operandOf(c);
  if (e.bias) instruction.operand[3] = operandOf(bias);
  if (e.otherResidual) instruction.operand[4] = operandOf(residual);
  if (e.intoItself) instruction.operand[4] = operandOf(c);
  if (e.activates) instruction.operand[5] = operandOf(y);
  if (e.gate) instruction.operand[6] = operandOf(gate);
  Matrix outputs[2];
  int count = 0;
  if (e.writesC) outputs[count++] = c;
  if (e.activates) outputs[count++] = y;
  runKernel(what, matrixProduct, &instruction, outputs, count);
  if (e.writesC) expectMatrix(what, c, expected, sizes, tolerance);
  if (e.activates) expectMatrix(what, y, expectedActivated, sizes, tolerance);
  Matrix all[] = {a, b, c, y, bias, residual, gate};
  for (int i = 0; i < 7; i++) free(all[i].data);
  free(expected);
  free(sizes);
  free(expectedActivated);
}

enum { layouts = flagATransposed | flagBTransposed | flagBfloat16 };

static void testEverything(void) {
  for (int flags = 0; flags <= layouts; flags++)
    for (int i = 0; i < extraCount; i++)
      for (int which = 0; which < (extras[i].activates || extras[i].gate ? activations : 1); which++) {
        testProduct((Shape){19, 45, 23}, flags, extras[i], which, 3);
        testProduct((Shape){45, 19, 23}, flags, extras[i], which, 0);
      }
}

/* Next to the sizes of tiles, panels, squares, units, phases and groups. */
static void testShapes(void) {
  const Shape shapes[] = {
      {1, 1, 1},    {1, 1, 700},   {1, 37, 5},     {37, 1, 9},    {2, 3, 1},      {5, 6, 7},      {6, 8, 4},     {7, 17, 16},
      {12, 24, 8},  {13, 31, 17},  {14, 32, 16},   {15, 33, 15},  {16, 64, 32},   {17, 65, 33},   {29, 16, 48},  {31, 15, 63},
      {32, 97, 64}, {33, 130, 31}, {200, 3, 513},  {3, 200, 511}, {64, 96, 512},  {61, 67, 1031}, {250, 70, 40}, {71, 251, 40},
      {64, 1, 449}, {1, 640, 225}, {127, 61, 449},
  };
  int turn = 0;
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (int flags = 0; flags <= layouts; flags++, turn++)
      testProduct(shapes[i], flags, extras[turn % extraCount], turn / extraCount % activations, turn % 3);
}

/* Several blocks of what is kept, several phases, wide pieces. */
static void testBlocks(void) {
  const Shape shapes[] = {{600, 560, 500}, {560, 600, 500}, {600, 560, 1000}, {560, 600, 1000}, {4700, 33, 70}, {33, 9000, 70}};
  int turn = 0;
  for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (int flags = 0; flags <= layouts; flags += 3, turn++) testProduct(shapes[i], flags, extras[turn % extraCount], activationSilu, 1);
}

/* Of exactly the rows and columns that NaN and infinity belong to, whatever their bits and whatever surrounds the matrices. */
static void testNotNumbers(int flags) {
  Shape s = {33, 35, 19};
  Matrix a = someMatrix(s.m, s.k, s.k), b = someMatrix(s.k, s.n, s.n), c = someMatrix(s.m, s.n, s.n);
  uint32_t faint = 0x7f800001;
  memcpy(at(a, 5, 18), &faint, sizeof faint);
  *at(a, 31, 0) = INFINITY;
  *at(b, 2, 34) = NAN;
  Instruction instruction = {.flags = flags, .size = {s.m, s.n, s.k}, .scalar = {1}};
  instruction.operand[0] = operandOf(a);
  instruction.operand[1] = operandOf(b);
  instruction.operand[2] = operandOf(c);
  runKernel("NaN", matrixProduct, &instruction, &c, 1);
  for (int64_t i = 0; i < s.m; i++)
    for (int64_t j = 0; j < s.n; j++) {
      float v = *at(c, i, j);
      bool right = i == 5 || j == 34 ? isnan(v) : i == 31 ? v == copysignf(INFINITY, *at(b, 0, j)) : isfinite(v);
      if (right) continue;
      failures++;
      fprintf(stderr, "[%d, %d] is %g with flags %d\n", (int)i, (int)j, v, flags);
    }
  free(a.data);
  free(b.data);
  free(c.data);
}

/* Half-way cases go to even, and rounding carries into the exponent. */
static void testRounding(void) {
  const uint32_t bits[] = {0x3f808000, 0x3f818000, 0x3f808001, 0x3fffffff, 0xbf818000, 0x3f807fff};
  const float expected[] = {1, 1.015625f, 1.0078125f, 2, -1.015625f, 1};
  enum { count = sizeof bits / sizeof *bits };
  float x[count], one = 1, y[count];
  memcpy(x, bits, sizeof x);
  Instruction instruction = {.flags = flagBfloat16, .size = {count, 1, 1}, .scalar = {1}};
  instruction.operand[0] = (Operand){x, 1};
  instruction.operand[1] = (Operand){&one, 1};
  instruction.operand[2] = (Operand){y, 1};
  matrixProduct(&instruction, pools[0]);
  for (int i = 0; i < count; i++) expectFloat("rounded", y[i], expected[i]);
}

/* No sum at all leaves what is added to it. */
static void testEmptySum(void) {
  float bias[3] = {1, 2, 3}, c[6] = {9, 9, 9, 9, 9, 9}, nothing = 0;
  Instruction instruction = {.size = {2, 3, 0}, .scalar = {1}};
  instruction.operand[0] = (Operand){&nothing, 0};
  instruction.operand[1] = (Operand){&nothing, 3};
  instruction.operand[2] = (Operand){c, 3};
  instruction.operand[3] = (Operand){bias, 3};
  matrixProduct(&instruction, pools[1]);
  for (int i = 0; i < 6; i++) expectFloat("empty sum", c[i], bias[i % 3]);
}

int main(void) {
  openPools();
  testEverything();
  testShapes();
  testBlocks();
  testNotNumbers(0);
  testNotNumbers(flagBfloat16);
  testRounding();
  testEmptySum();
  closePools();
  return outcome("matrix-product");
}
