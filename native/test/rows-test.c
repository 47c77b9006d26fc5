/* gatherRows and scatterAddRows against plain loops. */
#include "kernel-check.h"

static int32_t *someRows(int64_t count, int64_t tableRows) {
  int32_t *rows = malloc((size_t)count * sizeof(int32_t));
  for (int64_t i = 0; i < count; i++) rows[i] = (int32_t)floor((chance() + 1) / 2 * (double)tableRows);
  return rows;
}

static void checkGather(int64_t count, int64_t n, int64_t tableRows, int64_t gap) {
  Matrix table = someMatrix(tableRows, n, n + gap), y = someMatrix(count, n, n + 2 * gap);
  int32_t *rows = someRows(count, tableRows);
  double *expected = doubles(count * n);
  for (int64_t i = 0; i < count * n; i++) expected[i] = *at(table, rows[i / n], i % n);
  Instruction instruction = {.size = {count, n, tableRows}, .operand = {operandOf(table), {rows, 0}, operandOf(y)}};
  runKernel("gatherRows", gatherRows, &instruction, &y, 1);
  expectMatrix("gatherRows", y, expected, expected, 0);
  free(table.data);
  free(y.data);
  free(rows);
  free(expected);
}

typedef enum { baseNone, baseApart, baseIsOut } Base;

/* `spread`: among how many of the table's rows y's are divided. */
static void checkScatter(int64_t count, int64_t n, int64_t tableRows, int64_t spread, int64_t gap, Base kind) {
  Matrix y = someMatrix(count, n, n + gap), base = someMatrix(tableRows, n, n + 2 * gap);
  Matrix out = someMatrix(tableRows, n, n + 3 * gap);
  int32_t *rows = someRows(count, spread);
  double *expected = doubles(tableRows * n), *sizes = doubles(tableRows * n);
  Matrix from = kind == baseIsOut ? out : base;
  for (int64_t i = 0; i < tableRows * n && kind != baseNone; i++) {
    expected[i] = *at(from, i / n, i % n);
    sizes[i] = fabs(expected[i]);
  }
  for (int64_t i = 0; i < count * n; i++) {
    float value = *at(y, i / n, i % n);
    expected[rows[i / n] * n + i % n] += value;
    sizes[rows[i / n] * n + i % n] += fabsf(value);
  }
  Instruction instruction = {.size = {count, n, tableRows},
                             .operand = {{rows, 0}, operandOf(y), kind == baseNone ? (Operand){NULL, 0} : operandOf(from),
                                         operandOf(out)}};
  runKernel("scatterAddRows", scatterAddRows, &instruction, &out, 1);
  expectMatrix("scatterAddRows", out, expected, sizes, 1e-6);
  free(y.data);
  free(base.data);
  free(out.data);
  free(rows);
  free(expected);
  free(sizes);
}

/* Rows outside the table: seen in the result, and nothing beside it is touched. */
static void checkOutside(int64_t n, int32_t outside) {
  const int64_t tableRows = 70;
  int32_t rows[] = {3, outside, 69};
  Matrix table = someMatrix(tableRows, n, n), y = someMatrix(3, n, n), out = someMatrix(tableRows, n, n);
  Instruction gather = {.size = {3, n, tableRows}, .operand = {operandOf(table), {rows, 0}, operandOf(y)}};
  runKernel("gatherRows outside", gatherRows, &gather, &y, 1);
  for (int64_t c = 0; c < n; c++) {
    expectFloat("gatherRows outside", *at(y, 1, c), NAN);
    expectFloat("gatherRows", *at(y, 0, c), *at(table, 3, c));
    expectFloat("gatherRows", *at(y, 2, c), *at(table, 69, c));
  }
  Instruction scatter = {.size = {3, n, tableRows}, .operand = {{rows, 0}, operandOf(y), {NULL, 0}, operandOf(out)}};
  runKernel("scatterAddRows outside", scatterAddRows, &scatter, &out, 1);
  expectFloat("scatterAddRows outside", out.data[0], NAN);
  for (int64_t i = 1; i < tableRows * n; i++) {
    int64_t row = i / n;
    expectFloat("scatterAddRows", out.data[i], row == 3 || row == 69 ? *at(table, row, i % n) : 0);
  }
  free(table.data);
  free(y.data);
  free(out.data);
}

int main(void) {
  openPools();
  const int64_t counts[] = {0, 1, 2, 17, 1009}, columns[] = {1, 2, 15, 16, 17, 255, 257, 600}, tables[] = {1, 2, 63, 64, 65, 400};
  for (int r = 0; r < 5; r++)
    for (int c = 0; c < 8; c++)
      for (int t = 0; t < 6; t++) {
        const int64_t gap = (r + c + t / 2) % 2 * 3;
        checkGather(counts[r], columns[c], tables[t], gap);
        for (int base = baseNone; base <= baseIsOut; base++)
          checkScatter(counts[r], columns[c], tables[t], t % 2 ? tables[t] : 1, gap, base);
      }
  checkGather(3, 40000, 5, 0);
  checkScatter(5, 40000, 3, 3, 0, baseNone);
  const int32_t outside[] = {-1, 70, INT32_MIN, INT32_MAX};
  for (int i = 0; i < 4; i++) {
    checkOutside(1, outside[i]);
    checkOutside(300, outside[i]);
  }
  closePools();
  return outcome("rows");
}
