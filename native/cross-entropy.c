/* Softmax cross-entropy with the head's product fused, some rows of logits at a time, so that they stay in the cache. */
#include <math.h>
#include <stddef.h>

#include "cut.h"
#include "deadweight.h"
#include "pool.h"
#include "vector-math.h"
#include "vector.h"

/* Logits that are held at once, in floats: 16 MB. Fewer rows let the head's gradient pass through memory more often. */
enum { heldLogits = 4 << 20, fewestRows = 64, rowUnit = 16 };
/* Vectors that are summed in float32 before they join the sum in float64. */
enum { shortSum = 32 };

/*
 * Some rows of logits z, which become e = exp(z - largest). With f = weight dloss and t = f / sum e of each row,
 *   dz = t e - f onehot,  dx = t (e W') - f W[target],  dW = (t x)' e - (f x)' onehot,
 * so that e itself is the factor of both products and is swept over only once.
 */
typedef struct {
  const int32_t *targets;
  const float *weights;
  float *logits, *losses, *factors, *shares;
  int64_t count, stride, n, vocabulary;
  double dloss;
  bool byToken;
  Operand x, weight, dx, dweight;
  float *scaledX;
} Rows;

static double sumOf(Vector v) {
  double sum = 0;
  for (int i = 0; i < lanes; i++) sum += v[i];
  return sum;
}

/* NaN passes for small: the sum of exponentials shows it. */
static float largestOf(const float *z, int64_t count) {
  Vector largest = broadcast(-INFINITY);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) largest = maximum(largest, load(z + i));
  float most = -INFINITY;
  for (int lane = 0; lane < lanes; lane++) most = largest[lane] > most ? largest[lane] : most;
  for (; i < count; i++) most = z[i] > most ? z[i] : most;
  return most;
}

/* Writes exp(z - shift) in place of z. */
static double exponentials(float *z, int64_t count, float shift) {
  double total = 0;
  Vector by = broadcast(shift);
  int64_t i = 0;
  while (i + lanes <= count) {
    Vector sum = {0};
    for (int n = 0; n < shortSum && i + lanes <= count; n++, i += lanes) {
      Vector e = vectorExp(load(z + i) - by);
      store(z + i, e);
      sum += e;
    }
    total += sumOf(sum);
  }
  if (i == count) return total;
  Vector e = vectorExp(loadPart(z + i, count - i) - by);
  storePart(z + i, e, count - i);
  for (int lane = 0; lane < count - i; lane++) total += e[lane];
  return total;
}

static void rowTask(void *context, int64_t row, int thread) {
  (void)thread;
  const Rows *rows = context;
  float *z = rows->logits + row * rows->stride;
  int64_t target = rows->targets[row];
  bool known = target >= 0 && target < rows->vocabulary;
  float largest = largestOf(z, rows->vocabulary);
  float chosen = known ? z[target] : NAN;
  double total = exponentials(z, rows->vocabulary, largest);
  rows->losses[row] = (float)(log(total) + largest - chosen);
  double factor = known ? rows->weights[row] * rows->dloss : NAN;
  rows->factors[row] = (float)factor;
  rows->shares[row] = (float)(factor / total);
  if (rows->scaledX == NULL) return;
  const float *x = (const float *)rows->x.data + row * rows->x.stride;
  for (int64_t i = 0; i < rows->n; i++) rows->scaledX[row * rows->n + i] = rows->shares[row] * x[i];
}

/* Entry i of a token's column of the head's weight, or of its gradient. */
static float *entry(const Rows *rows, Operand weight, int64_t token, int64_t i) {
  float *data = weight.data;
  return rows->byToken ? data + token * weight.stride + i : data + i * weight.stride + token;
}

static void dxTask(void *context, int64_t row, int thread) {
  (void)thread;
  const Rows *rows = context;
  float *dx = (float *)rows->dx.data + row * rows->dx.stride, share = rows->shares[row], factor = rows->factors[row];
  int64_t target = rows->targets[row];
  bool known = target >= 0 && target < rows->vocabulary;
  for (int64_t i = 0; i < rows->n; i++)
    dx[i] = share * dx[i] - (known ? factor * *entry(rows, rows->weight, target, i) : factor);
}

enum { sliceColumns = 64 };

/* Some columns of what every row adds at its target, in the order of the rows. */
static void targetTask(void *context, int64_t index, int thread) {
  (void)thread;
  const Rows *rows = context;
  Range columns = partAt(rows->n, sliceColumns, index);
  for (int64_t row = 0; row < rows->count; row++) {
    int64_t target = rows->targets[row];
    if (target < 0 || target >= rows->vocabulary) continue;
    const float *x = (const float *)rows->x.data + row * rows->x.stride;
    for (int64_t i = columns.begin; i < columns.end; i++) *entry(rows, rows->dweight, target, i) -= rows->factors[row] * x[i];
  }
}

static Operand rowsFrom(Operand matrix, int64_t row) {
  if (matrix.data != NULL) matrix.data = (float *)matrix.data + row * matrix.stride;
  return matrix;
}

static bool headProduct(const Instruction *head, Pool *pool, int32_t flags, const int64_t size[3], Operand a, Operand b,
                        Operand c, Operand residual) {
  Instruction product = {.kernel = kernelMatrixProduct, .flags = flags | (head->flags & flagBfloat16), .scalar = {1}};
  for (int i = 0; i < 3; i++) product.size[i] = size[i];
  product.operand[0] = a;
  product.operand[1] = b;
  product.operand[2] = c;
  product.operand[4] = residual;
  return matrixProduct(&product, pool);
}

static bool backward(const Instruction *head, Pool *pool, Rows *rows, bool isFirst) {
  const Operand none = {0}, e = {rows->logits, rows->stride}, scaled = {rows->scaledX, rows->n};
  int64_t count = rows->count, n = rows->n, vocabulary = rows->vocabulary;
  if (rows->dx.data != NULL) {
    int32_t flags = rows->byToken ? 0 : flagBTransposed;
    if (!headProduct(head, pool, flags, (int64_t[]){count, n, vocabulary}, e, rows->weight, rows->dx, none)) return false;
    poolRun(pool, count, dxTask, rows);
  }
  if (rows->dweight.data == NULL) return true;
  /* The first rows write the gradient, the others add to it. */
  Operand before = isFirst ? none : rows->dweight;
  bool done = rows->byToken ? headProduct(head, pool, flagATransposed, (int64_t[]){vocabulary, n, count}, e, scaled,
                                          rows->dweight, before)
                            : headProduct(head, pool, flagATransposed, (int64_t[]){n, vocabulary, count}, scaled, e,
                                          rows->dweight, before);
  if (!done) return false;
  poolRun(pool, partCount(n, sliceColumns), targetTask, rows);
  return true;
}

bool crossEntropy(const Instruction *head, Pool *pool) {
  int64_t slots = head->size[0], n = head->size[1], vocabulary = head->size[2];
  int64_t stride = partCount(vocabulary, rowUnit) * rowUnit + rowUnit;
  int64_t held = heldLogits / stride / rowUnit * rowUnit;
  if (held < fewestRows) held = fewestRows;
  if (held > slots) held = slots;
  bool wantsWeight = head->operand[7].data != NULL;
  float *logits = poolShared(pool, (size_t)(held * (stride + 2 + (wantsWeight ? n : 0)) + slots) * sizeof(float));
  if (logits == NULL) return false;
  float *factors = logits + held * stride, *shares = factors + held, *losses = shares + held;
  Rows rows = {.logits = logits,
               .factors = factors,
               .shares = shares,
               .scaledX = wantsWeight ? losses + slots : NULL,
               .stride = stride,
               .n = n,
               .vocabulary = vocabulary,
               .dloss = floats(head, 8) != NULL ? floats(head, 8)[0] : head->scalar[0],
               .byToken = head->flags & flagBTransposed,
               .weight = head->operand[1],
               .dweight = head->operand[7]};
  const Operand none = {0};
  for (int64_t begin = 0; begin < slots; begin += held) {
    rows.count = slots - begin < held ? slots - begin : held;
    rows.x = rowsFrom(head->operand[0], begin);
    rows.dx = rowsFrom(head->operand[6], begin);
    rows.targets = integers(head, 2) + begin;
    rows.weights = floats(head, 3) + begin;
    rows.losses = losses + begin;
    if (!headProduct(head, pool, head->flags & flagBTransposed, (int64_t[]){rows.count, vocabulary, n}, rows.x, rows.weight,
                     (Operand){logits, stride}, none))
      return false;
    poolRun(pool, rows.count, rowTask, &rows);
    if (!backward(head, pool, &rows, begin == 0)) return false;
  }
  double loss = 0;
  for (int64_t s = 0; s < slots; s++) loss += (double)losses[s] * floats(head, 3)[s];
  if (floats(head, 4) != NULL) floats(head, 4)[0] = (float)loss;
  if (floats(head, 5) != NULL)
    for (int64_t s = 0; s < slots; s++) floats(head, 5)[s] = losses[s];
  return true;
}
