/* Element by element kernels and column sums against plain loops. */
#include "kernel-check.h"

typedef double Oracle(double x, double y, double scalar);
static double first(double x, double y, double scalar) { return (void)y, (void)scalar, x; }
static double sum(double x, double y, double scalar) { return (void)scalar, x + y; }
static double product(double x, double y, double scalar) { return (void)scalar, x * y; }
static double scaled(double x, double y, double scalar) { return (void)y, (float)scalar * x; }
static double constant(double x, double y, double scalar) { return (void)x, (void)y, (float)scalar; }

static const struct {
  const char *name;
  Kernel *kernel;
  int inputs;
  Oracle *oracle;
} cases[] = {{"copy", copy, 1, first}, {"add", add, 2, sum}, {"multiply", multiply, 2, product}, {"scale", scale, 1, scaled},
             {"fill", fill, 0, constant}};
enum { caseCount = sizeof cases / sizeof cases[0] };

/* `place`: the input in whose place the output lies, or the number of inputs. */
static void checkCase(int index, int64_t rows, int64_t n, int64_t gap, int place) {
  const int inputs = cases[index].inputs;
  Matrix m[3];
  Instruction instruction = {.size = {rows, n}, .scalar = {1.7}};
  for (int i = 0; i <= inputs; i++) {
    m[i] = someMatrix(rows, n, n + gap * i);
    instruction.operand[i] = operandOf(m[i]);
  }
  instruction.operand[inputs] = operandOf(m[place]);
  double *expected = doubles(rows * n), *sizes = doubles(rows * n);
  for (int64_t i = 0; i < rows * n; i++) {
    double x = inputs > 0 ? *at(m[0], i / n, i % n) : 0, y = inputs > 1 ? *at(m[1], i / n, i % n) : 0;
    expected[i] = cases[index].oracle(x, y, 1.7);
    sizes[i] = fabs(expected[i]);
  }
  runKernel(cases[index].name, cases[index].kernel, &instruction, &m[place], 1);
  expectMatrix(cases[index].name, m[place], expected, sizes, 1e-7);
  for (int i = 0; i <= inputs; i++) free(m[i].data);
  free(expected);
  free(sizes);
}

static void checkElements(void) {
  const int64_t shapes[][2] = {{0, 5}, {5, 0}, {1, 1}, {3, 2}, {2, 15}, {7, 16}, {5, 17}, {1, 20011}, {3, 20011}, {997, 47}};
  for (int i = 0; i < caseCount; i++)
    for (int s = 0; s < 10; s++)
      for (int64_t gap = 0; gap < 4; gap += 3) {
        int inPlace = cases[i].kernel == copy ? 0 : cases[i].inputs;
        for (int place = 0; place < inPlace; place++) checkCase(i, shapes[s][0], shapes[s][1], gap, place);
        checkCase(i, shapes[s][0], shapes[s][1], gap, cases[i].inputs);
      }
}

static void checkColumnSum(int64_t rows, int64_t n, int64_t stride, double mean, double spread) {
  Matrix x = someMatrix(rows, n, stride), out = someMatrix(1, n, n);
  double *expected = doubles(n), *sizes = doubles(n);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < n; c++) {
      *at(x, r, c) = (float)(mean + spread * *at(x, r, c));
      expected[c] += *at(x, r, c);
      sizes[c] += fabsf(*at(x, r, c));
    }
  Instruction instruction = {.size = {rows, n}, .operand = {operandOf(x), operandOf(out)}};
  runKernel("columnSum", columnSum, &instruction, &out, 1);
  expectMatrix("columnSum", out, expected, sizes, 1e-6);
  free(x.data);
  free(out.data);
  free(expected);
  free(sizes);
}

static void checkColumnSums(void) {
  const int64_t rows[] = {0, 1, 2, 15, 16, 17, 257, 1009}, columns[] = {1, 2, 15, 16, 17, 255, 257, 1031, 2500};
  for (int r = 0; r < 8; r++)
    for (int c = 0; c < 9; c++) checkColumnSum(rows[r], columns[c], columns[c] + c % 3, r % 2, 1);
  /* Equal values: their rounding errors add up instead of evening out. */
  checkColumnSum(100000, 1, 1, 0.1, 0);
  checkColumnSum(3000, 1000, 1000, 0.1, 0);
}

static void checkSpecials(void) {
  float x[] = {NAN, INFINITY, -INFINITY, INFINITY, 1}, y[] = {1, 1, 1, -INFINITY, 0}, out[5];
  Instruction instruction = {.size = {1, 5}, .scalar = {-2}, .operand = {{x, 5}, {y, 5}, {out, 5}}};
  add(&instruction, pools[0]);
  const double sums[] = {NAN, INFINITY, -INFINITY, NAN, 1}, products[] = {NAN, INFINITY, -INFINITY, -INFINITY, 0};
  for (int i = 0; i < 5; i++) expectFloat("add", out[i], sums[i]);
  multiply(&instruction, pools[0]);
  for (int i = 0; i < 5; i++) expectFloat("multiply", out[i], products[i]);
  instruction.operand[1] = instruction.operand[2];
  scale(&instruction, pools[0]);
  for (int i = 0; i < 5; i++) expectFloat("scale", out[i], -2 * x[i]);

  float columns[] = {NAN, INFINITY, INFINITY, 1, 1, -INFINITY, 1, 1};
  Instruction sumInstruction = {.size = {2, 4}, .operand = {{columns, 4}, {out, 4}}};
  columnSum(&sumInstruction, pools[0]);
  const double columnSums[] = {NAN, NAN, INFINITY, 2};
  for (int i = 0; i < 4; i++) expectFloat("columnSum", out[i], columnSums[i]);
}

int main(void) {
  openPools();
  checkElements();
  checkColumnSums();
  checkSpecials();
  closePools();
  return outcome("elementwise");
}
