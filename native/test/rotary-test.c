/* Rotary embedding against its definition in double: forward, backward, in place, within the table and beyond it. */
#include "kernel-check.h"

typedef struct {
  int64_t rows, heads, headWidth, pairs, tableRows, gap;
  double direction;
  bool inPlace;
} Case;

enum { x, positions, y, cosines, sines, frequencies };

/* In and out of the table, and far to both sides. */
static int32_t positionAt(int64_t row) {
  static const int32_t special[] = {0, 1, -1, 15, 16, 17, -4096, 100000, 7};
  return row % 2 == 0 ? special[row / 2 % 9] : (int32_t)(row % 40);
}

static void solve(const Case *c, Matrix from, const int32_t *at_, const double *frequency, double *expected, double *sizes) {
  int64_t n = c->heads * c->headWidth;
  for (int64_t row = 0; row < c->rows; row++)
    for (int64_t column = 0; column < n; column++) {
      int64_t i = column % c->headWidth, first = column - i + i % c->pairs;
      double value = *at(from, row, column), size = fabs(value);
      if (i < 2 * c->pairs) {
        double a = *at(from, row, first), b = *at(from, row, first + c->pairs), angle = at_[row] * frequency[i % c->pairs] * c->direction;
        value = i < c->pairs ? a * cos(angle) - b * sin(angle) : b * cos(angle) + a * sin(angle);
        size = fabs(a) + fabs(b);
      }
      expected[row * n + column] = value;
      sizes[row * n + column] = size;
    }
}

static void check(Case c) {
  int64_t n = c.heads * c.headWidth;
  Matrix from = someMatrix(c.rows, n, n + c.gap), to = c.inPlace ? from : someMatrix(c.rows, n, n + 2 * c.gap);
  Matrix cosine = someMatrix(c.tableRows, c.pairs, c.pairs + c.gap), sine = someMatrix(c.tableRows, c.pairs, c.pairs + 2 * c.gap);
  int32_t *places = malloc((size_t)c.rows * sizeof(int32_t));
  double *frequency = doubles(c.pairs), *expected = doubles(c.rows * n), *sizes = doubles(c.rows * n);
  for (int64_t row = 0; row < c.rows; row++) places[row] = positionAt(row);
  for (int64_t i = 0; i < c.pairs; i++) frequency[i] = pow(10000, -(double)i / (double)c.pairs);
  for (int64_t i = 0; i < c.tableRows * c.pairs; i++) {
    *at(cosine, i / c.pairs, i % c.pairs) = (float)cos((double)(i / c.pairs) * frequency[i % c.pairs]);
    *at(sine, i / c.pairs, i % c.pairs) = (float)sin((double)(i / c.pairs) * frequency[i % c.pairs]);
  }
  solve(&c, from, places, frequency, expected, sizes);
  Instruction instruction = {.size = {c.rows, c.heads, c.headWidth, c.pairs, c.tableRows}, .scalar = {c.direction}};
  instruction.operand[x] = operandOf(from);
  instruction.operand[positions] = (Operand){places, 1};
  instruction.operand[y] = operandOf(to);
  instruction.operand[cosines] = operandOf(cosine);
  instruction.operand[sines] = operandOf(sine);
  instruction.operand[frequencies] = (Operand){frequency, c.pairs};
  runKernel("rotary", rotary, &instruction, &to, 1);
  expectMatrix("rotary", to, expected, sizes, 2e-7);
  if (!c.inPlace) free(to.data);
  free(from.data);
  free(cosine.data);
  free(sine.data);
  free(places);
  free(frequency);
  free(expected);
  free(sizes);
}

/* The table is used where it reaches: one that lies is believed there, and nowhere else. */
static void checkTable(void) {
  float values[3][2] = {{1, 2}, {1, 2}, {1, 2}}, cosine[2] = {5, 5}, sine[2] = {0, 0};
  const int32_t places[3] = {1, 2, -1};
  double frequency = 0;
  Instruction instruction = {.size = {3, 1, 2, 1, 2}, .scalar = {1}};
  instruction.operand[x] = instruction.operand[y] = (Operand){values, 2};
  instruction.operand[positions] = (Operand){(void *)places, 1};
  instruction.operand[cosines] = (Operand){cosine, 1};
  instruction.operand[sines] = (Operand){sine, 1};
  instruction.operand[frequencies] = (Operand){&frequency, 1};
  if (!rotary(&instruction, pools[0])) failures++;
  static const double expected[3][2] = {{5, 10}, {1, 2}, {1, 2}};
  for (int i = 0; i < 6; i++) expectFloat("rotary table", values[i / 2][i % 2], expected[i / 2][i % 2]);
}

/* A NaN spoils its own pair. */
static void checkNan(void) {
  float values[] = {1, NAN, 3, 4, 5, 6, 7, 8}, turned[8], cosine[] = {1, 1, 1}, sine[] = {0, 0, 0};
  int32_t place = 0;
  double frequency[] = {1, 1, 1};
  Instruction instruction = {.size = {1, 1, 8, 3, 1}, .scalar = {-1}};
  const Operand operands[] = {{values, 8}, {&place, 1}, {turned, 8}, {cosine, 3}, {sine, 3}, {frequency, 3}};
  memcpy(instruction.operand, operands, sizeof operands);
  if (!rotary(&instruction, pools[0])) failures++;
  for (int i = 0; i < 8; i++) expectFloat("rotary of NaN", turned[i], i == 1 || i == 4 ? NAN : values[i]);
}

int main(void) {
  openPools();
  static const int64_t pairs[] = {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 64};
  for (int i = 0; i < 12; i++)
    for (int direction = -1; direction <= 1; direction += 2) {
      check((Case){37, 3, 2 * pairs[i], pairs[i], 16, 0, direction, i % 2 == 0});
      check((Case){1 + i, 1 + i % 4, 2 * pairs[i] + 1 + i, pairs[i], 40, 3, direction, i % 2 == 1});
    }
  check((Case){2000, 4, 32, 8, 16, 5, 1, false});
  check((Case){3, 80, 512, 256, 0, 0, 1, true});
  check((Case){0, 2, 8, 4, 3, 0, 1, false});
  checkTable();
  checkNan();
  closePools();
  return outcome("rotary");
}
