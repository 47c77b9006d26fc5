/* Activations, gates and their gradients against their definitions in double. */
#include "kernel-check.h"

static double logistic(double x) { return 1 / (1 + exp(-x)); }

/* y = x F(x): F and its slope. */
static void gateOf(Activation which, double x, double *gate, double *slope) {
  const double a = 2 * sqrt(2 / acos(-1)), u = a * (x + 0.044715 * x * x * x);
  switch (which) {
    case activationNone:
      *gate = 1;
      *slope = 0;
      return;
    case activationGeluTanh:
      *gate = logistic(u);
      *slope = *gate * logistic(-u) * a * (1 + 3 * 0.044715 * x * x);
      return;
    case activationGelu:
      *gate = erfc(-x / sqrt(2)) / 2;
      *slope = exp(-x * x / 2) / sqrt(2 * acos(-1));
      return;
    case activationSilu:
      *gate = logistic(x);
      *slope = *gate * logistic(-x);
  }
}

typedef struct {
  const char *name;
  Kernel *kernel;
  int inputs, outputs;
} Case;

static const Case cases[] = {{"activation", activation, 1, 1}, {"activationGrad", activationGrad, 2, 1},
                             {"gated", gated, 2, 1}, {"gatedGrad", gatedGrad, 3, 2}};
enum { caseCount = sizeof cases / sizeof cases[0] };

/* Both results, in double, at one place, the second only of gatedGrad; the sizes that they are to be exact to. */
static void oracle(const Case *the, Activation which, const double *in, double *out, double *size) {
  double gate, slope;
  gateOf(which, in[0], &gate, &slope);
  double y = in[0] * gate, dy = gate + in[0] * slope;
  double sizeOfY = fmax(fabs(y), 0.1), sizeOfDy = fmax(fabs(dy), 0.3);
  double factor = the->kernel == activation ? 1 : the->kernel == gatedGrad ? in[1] * in[2] : in[1];
  bool isSlope = the->kernel == activationGrad || the->kernel == gatedGrad;
  out[0] = factor * (isSlope ? dy : y);
  size[0] = fabs(factor) * (isSlope ? sizeOfDy : sizeOfY);
  out[1] = in[2] * y;
  size[1] = fabs(in[2]) * sizeOfY;
}

/* `places`: for each output the input it lies over, its own operand, or -1: not wanted. */
static void check(const Case *the, Activation which, int64_t rows, int64_t n, int64_t gap, const int *places) {
  Matrix m[5], outputs[2];
  Instruction instruction = {.flags = (int32_t)which << activationShift, .size = {rows, n}};
  for (int i = 0; i < the->inputs + the->outputs; i++) {
    m[i] = someMatrix(rows, n, n + gap * i);
    instruction.operand[i] = operandOf(m[i]);
  }
  for (int64_t i = 0; i < heldBy(m[0]); i++) m[0].data[i] *= 8;
  double *expected[2], *sizes[2];
  for (int o = 0; o < 2; o++) {
    expected[o] = doubles(rows * n);
    sizes[o] = doubles(rows * n);
  }
  for (int64_t i = 0; i < rows * n; i++) {
    double in[3] = {0}, out[2], size[2];
    for (int k = 0; k < the->inputs; k++) in[k] = *at(m[k], i / n, i % n);
    oracle(the, which, in, out, size);
    for (int o = 0; o < 2; o++) {
      expected[o][i] = out[o];
      sizes[o][i] = size[o];
    }
  }
  int wanted = 0;
  for (int o = 0; o < the->outputs; o++) {
    Operand *operand = &instruction.operand[the->inputs + o];
    if (places[o] >= 0) outputs[wanted++] = m[places[o]];
    *operand = places[o] < 0 ? (Operand){NULL, 0} : operandOf(m[places[o]]);
  }
  runKernel(the->name, the->kernel, &instruction, outputs, wanted);
  for (int o = 0; o < the->outputs; o++)
    if (places[o] >= 0) expectMatrix(the->name, m[places[o]], expected[o], sizes[o], 5e-7);
  for (int i = 0; i < the->inputs + the->outputs; i++) free(m[i].data);
  for (int o = 0; o < 2; o++) {
    free(expected[o]);
    free(sizes[o]);
  }
}

/* Every output over every input, apart, and not at all, but never two at one place. */
static void checkPlaces(const Case *the, Activation which, int64_t rows, int64_t n, int64_t gap) {
  for (int first = -1; first <= the->inputs; first++) {
    if (the->outputs == 1) {
      if (first >= 0) check(the, which, rows, n, gap, &first);
      continue;
    }
    for (int second = -1; second <= the->inputs; second++) {
      if (first == second && first >= 0 && first < the->inputs) continue;
      const int places[] = {first, second == the->inputs ? second + 1 : second};
      check(the, which, rows, n, gap, places);
    }
  }
}

static void checkSpecials(Activation which) {
  const float x[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0};
  float ones[] = {1, 1, 1, 1, 1, 1}, y[6], dx[6];
  Instruction forward = {.flags = (int32_t)which << activationShift, .size = {1, 6}, .operand = {{(void *)x, 6}, {y, 6}}};
  activation(&forward, pools[0]);
  Instruction backward = forward;
  backward.operand[1] = (Operand){ones, 6};
  backward.operand[2] = (Operand){dx, 6};
  activationGrad(&backward, pools[0]);
  const double values[] = {NAN, INFINITY, 0, 1e30, 0, 0}, slopes[] = {NAN, 1, 0, 1, 0, 0.5};
  for (int i = 0; i < 6; i++) {
    expectFloat("activation", y[i], values[i]);
    expectFloat("activationGrad", dx[i], slopes[i]);
  }
}

int main(void) {
  openPools();
  const int64_t shapes[][2] = {{1, 1}, {3, 2}, {2, 15}, {7, 16}, {5, 17}, {101, 331}};
  for (int c = 0; c < caseCount; c++)
    for (int which = activationNone; which <= activationSilu; which++)
      for (int s = 0; s < 6; s++)
        for (int64_t gap = 0; gap < 4; gap += 3) checkPlaces(&cases[c], which, shapes[s][0], shapes[s][1], gap);
  for (int which = activationGeluTanh; which <= activationSilu; which++) checkSpecials(which);
  closePools();
  return outcome("activation");
}
