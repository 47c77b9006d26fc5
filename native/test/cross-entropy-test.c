/* crossEntropy against its definition in double: both layouts, every choice of outputs, one tile of rows and several. */
#include "kernel-check.h"

typedef struct {
  int64_t slots, n, vocabulary, gap;
  bool byToken, bf16;
  /* Which of loss, tokenLosses, dx, dweight are wanted. */
  bool wanted[4];
} Case;

typedef struct {
  Matrix x, weight;
  int32_t *targets;
  float *weights;
  double dloss;
} Given;

static Given someGiven(Case c) {
  Given g = {someMatrix(c.slots, c.n, c.n + c.gap),
             c.byToken ? someMatrix(c.vocabulary, c.n, c.n + 2 * c.gap) : someMatrix(c.n, c.vocabulary, c.vocabulary + c.gap),
             malloc((size_t)c.slots * sizeof(int32_t)), someFloats(c.slots), 0.5 + chance() / 4};
  for (int64_t s = 0; s < c.slots; s++) g.targets[s] = (int32_t)((chance() + 1) / 2 * (double)c.vocabulary);
  /* What no batch fills has no weight. */
  if (c.slots > 2) g.weights[1] = 0;
  return g;
}

static void freeGiven(Given g) {
  free(g.x.data), free(g.weight.data), free(g.targets), free(g.weights);
}

/* The nearest bfloat16, ties to even, where the kernel takes it for the factor of a product. */
static double factor(Case c, float value) {
  if (!c.bf16) return value;
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  memcpy(&value, &bits, sizeof bits);
  return value;
}

static double weightAt(Case c, Given g, int64_t token, int64_t i) {
  return factor(c, c.byToken ? *at(g.weight, token, i) : *at(g.weight, i, token));
}

typedef struct {
  double loss, lossSize, *tokenLosses, *dx, *dxSizes, *dweight, *dweightSizes;
} Expected;

static Expected expect(Case c, Given g) {
  int64_t nv = c.n * c.vocabulary;
  Expected e = {0, 0, doubles(c.slots), doubles(c.slots * c.n), doubles(c.slots * c.n), doubles(nv), doubles(nv)};
  double *z = doubles(c.vocabulary);
  for (int64_t s = 0; s < c.slots; s++) {
    double largest = -INFINITY, total = 0;
    for (int64_t v = 0; v < c.vocabulary; v++) {
      z[v] = 0;
      for (int64_t i = 0; i < c.n; i++) z[v] += factor(c, *at(g.x, s, i)) * weightAt(c, g, v, i);
      largest = fmax(largest, z[v]);
    }
    for (int64_t v = 0; v < c.vocabulary; v++) total += exp(z[v] - largest);
    e.tokenLosses[s] = largest + log(total) - z[g.targets[s]];
    e.loss += e.tokenLosses[s] * g.weights[s];
    e.lossSize += fabs(e.tokenLosses[s] * g.weights[s]);
    for (int64_t v = 0; v < c.vocabulary; v++) {
      double share = g.dloss * g.weights[s] * exp(z[v] - largest) / total, hit = v == g.targets[s] ? g.dloss * g.weights[s] : 0;
      for (int64_t i = 0; i < c.n; i++) {
        int64_t place = c.byToken ? v * c.n + i : i * c.vocabulary + v;
        double w = weightAt(c, g, v, i), x = *at(g.x, s, i);
        e.dx[s * c.n + i] += (share - hit) * w;
        e.dxSizes[s * c.n + i] += fabs(share * w) + fabs(hit * w);
        e.dweight[place] += (share - hit) * x;
        e.dweightSizes[place] += fabs(share * x) + fabs(hit * x);
      }
    }
  }
  free(z);
  return e;
}

static void check(Case c) {
  Given g = someGiven(c);
  Matrix loss = someMatrix(1, 1, 1), tokenLosses = someMatrix(1, c.slots, c.slots), dx = someMatrix(c.slots, c.n, c.n + 3 * c.gap);
  Matrix dweight = someMatrix(g.weight.rows, g.weight.n, g.weight.n + c.gap);
  const Matrix all[4] = {loss, tokenLosses, dx, dweight};
  Matrix outputs[4];
  int count = 0;
  Instruction in = {.flags = (c.byToken ? flagBTransposed : 0) | (c.bf16 ? flagBfloat16 : 0),
                    .size = {c.slots, c.n, c.vocabulary},
                    .operand = {operandOf(g.x), operandOf(g.weight), {g.targets, c.slots}, {g.weights, c.slots}}};
  float dloss = (float)g.dloss;
  g.dloss = dloss;
  if (c.gap > 0) in.operand[8] = (Operand){&dloss, 1}, in.scalar[0] = NAN;
  else in.scalar[0] = dloss;
  for (int i = 0; i < 4; i++)
    if (c.wanted[i]) in.operand[4 + i] = operandOf(all[i]), outputs[count++] = all[i];
  runKernel("crossEntropy", crossEntropy, &in, outputs, count);
  Expected e = expect(c, g);
  /* Token losses of some nats; backward, bf16 also rounds the softmax. */
  double tolerance = 4e-6, backward = c.bf16 ? 2e-2 : 4e-6;
  double *ones = doubles(c.slots);
  for (int64_t s = 0; s < c.slots; s++) ones[s] = fmax(1, fabs(e.tokenLosses[s]));
  e.lossSize = fmax(e.lossSize, 1);
  if (c.wanted[0]) expectMatrix("loss", loss, &e.loss, &e.lossSize, tolerance);
  if (c.wanted[1]) expectMatrix("tokenLosses", tokenLosses, e.tokenLosses, ones, tolerance);
  if (c.wanted[2]) expectMatrix("dx", dx, e.dx, e.dxSizes, backward);
  if (c.wanted[3]) expectMatrix("dweight", dweight, e.dweight, e.dweightSizes, backward);
  for (int i = 0; i < 4; i++) free(all[i].data);
  free(e.tokenLosses), free(e.dx), free(e.dxSizes), free(e.dweight), free(e.dweightSizes), free(ones);
  freeGiven(g);
}

/* What is no number, and a target that is no token, show in the loss and in their own row of dx alone. */
static void checkSpoilt(int32_t target, float value) {
  Case c = {.slots = 3, .n = 5, .vocabulary = 21, .byToken = true};
  Given g = someGiven(c);
  for (int s = 0; s < 3; s++) g.weights[s] = 0.25f;
  g.targets[1] = target;
  *at(g.x, 1, 2) = value;
  float loss, tokenLosses[3], dx[15], dweight[105];
  Instruction in = {.flags = flagBTransposed, .size = {3, 5, 21}, .scalar = {1},
                    .operand = {operandOf(g.x), operandOf(g.weight), {g.targets, 3}, {g.weights, 3}, {&loss, 1},
                                {tokenLosses, 3}, {dx, 5}, {dweight, 5}}};
  crossEntropy(&in, pools[1]);
  if (!isnan(loss) || !isnan(tokenLosses[1]) || isnan(tokenLosses[0]) || isnan(tokenLosses[2])) failures++;
  for (int i = 0; i < 15; i++) failures += (i / 5 == 1) != isnan(dx[i]);
  freeGiven(g);
}

/* Logits of some thousands must not overflow. */
static void checkLarge(void) {
  float x[2] = {1, 1}, weight[6] = {3000, -3000, 0, 2999, -3000, 0}, weights[1] = {1}, loss;
  int32_t target = 1;
  Instruction in = {.flags = flagBTransposed, .size = {1, 2, 3}, .operand = {{x, 2}, {weight, 2}, {&target, 1}, {weights, 1}, {&loss, 1}}};
  crossEntropy(&in, pools[0]);
  /* Logits 0, 2999, -3000. */
  expectFloat("certain", loss, 0);
  target = 2;
  crossEntropy(&in, pools[0]);
  expectFloat("impossible", loss, 5999);
}

int main(void) {
  static const int64_t sizes[][3] = {{1, 1, 1}, {1, 7, 2}, {2, 1, 17}, {3, 5, 16}, {17, 33, 31}, {64, 16, 65}, {129, 20, 127}};
  openPools();
  for (int s = 0; s < 7; s++)
    for (int choice = 1; choice < 16; choice++) {
      bool wanted[4] = {choice & 1, choice & 2, choice & 4, choice & 8};
      for (int layout = 0; layout < 2; layout++)
        for (int bf16 = 0; bf16 < 2; bf16++) {
          Case c = {sizes[s][0], sizes[s][1], sizes[s][2], choice % 3, layout, bf16, {0}};
          memcpy(c.wanted, wanted, sizeof wanted);
          check(c);
        }
    }
  /* More logits than are held at once. */
  for (int layout = 0; layout < 2; layout++) check((Case){131, 3, 66001, 1, layout, false, {true, true, true, true}});
  checkSpoilt(-1, 1);
  checkSpoilt(21, 1);
  checkSpoilt(3, NAN);
  checkSpoilt(3, INFINITY);
  checkLarge();
  closePools();
  return outcome("cross-entropy");
}
