/*
 * What the kernel library offers, and the one form in which work is handed to it: a list of instructions, each one kernel on matrices that
 * lie in memory. Knows nothing of graphs, of models, or of who allocates.
 *
 * Matrices are float32, row-major, with a stride between rows; vectors are matrices of one row. A kernel skips an output that is null.
 * Every result is the same to the bit for every number of threads: work is cut by sizes alone, and sums run in a fixed order.
 */
#ifndef DEADWEIGHT_H
#define DEADWEIGHT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Pool Pool;

/* `stride`: elements from a row to the next. Where nothing is wanted or given, `data` is null. */
typedef struct {
  void *data;
  int64_t stride;
} Operand;

enum { operandCount = 12, sizeCount = 8, scalarCount = 3 };

/* 288 bytes, laid out as src/engine/native/instruction.ts writes it. */
typedef struct {
  int32_t kernel;
  int32_t flags;
  int64_t size[sizeCount];
  double scalar[scalarCount];
  Operand operand[operandCount];
} Instruction;

/* Kernels by number; instruction.ts has the same list. Operands and sizes are told where each kernel is declared. */
enum {
  kernelMatrixProduct,
  kernelCrossEntropy,
  kernelNorm,
  kernelNormGrad,
  kernelActivation,
  kernelActivationGrad,
  kernelGated,
  kernelGatedGrad,
  kernelRotary,
  kernelAttention,
  kernelAttentionGrad,
  kernelGatherRows,
  kernelScatterAddRows,
  kernelColumnSum,
  kernelCopy,
  kernelAdd,
  kernelMultiply,
  kernelScale,
  kernelFill,
  kernelCount
};

enum {
  flagATransposed = 1,
  flagBTransposed = 2,
  /* Factors are rounded to bfloat16, products summed in float32. */
  flagBfloat16 = 4,
  /* layerNorm, as against rmsNorm */
  flagCentred = 8,
  activationShift = 8,
  activationMask = 3 << activationShift,
};

typedef enum { activationNone, activationGeluTanh, activationGelu, activationSilu } Activation;

static inline Activation activationOf(const Instruction *instruction) {
  return (Activation)((instruction->flags & activationMask) >> activationShift);
}

static inline float *floats(const Instruction *instruction, int index) {
  return (float *)instruction->operand[index].data;
}

static inline const int32_t *integers(const Instruction *instruction, int index) {
  return (const int32_t *)instruction->operand[index].data;
}

static inline int64_t strideOf(const Instruction *instruction, int index) {
  return instruction->operand[index].stride;
}

/* Each returns false where memory for its scratch could not be had; nothing else can fail. */
typedef bool Kernel(const Instruction *, Pool *);

/*
 * C [m, n] = op(A) [m, k] op(B) [k, n], and what follows on the way out. Sizes: m, n, k. Scalar: alpha.
 * Flags: aTransposed (A lies as [k, m]), bTransposed (B lies as [n, k]), bfloat16, an activation.
 * Operands: A, B, C?, bias? [n], residual? [m, n], activated? [m, n], gate? [m, n].
 *   v = alpha sum + bias;  v *= activation'(gate) where there is a gate;  v += residual;  C = v;  activated = activation(v).
 * C is null only where `activated` is not. The residual may be C itself, and then there is no gate.
 */
Kernel matrixProduct;

/*
 * Softmax cross-entropy of logits z = x W, forward and backward in one, without storing all logits. Sizes: slots, n, vocabulary.
 * Flags: bTransposed (W lies as [vocabulary, n]), bfloat16. Scalar: d loss, where operand 8 is null.
 * Operands: x [slots, n], W, targets int [slots], weights [slots], loss? [1], tokenLosses? [slots], dx?, dW?, dloss? [1].
 *   loss = sum weights * tokenLosses;  dz = dloss weights (softmax z - onehot);  dx = dz W';  dW = x' dz
 * A target outside [0, vocabulary) makes its loss NaN.
 */
Kernel crossEntropy;

/* Sizes: rows, n. Scalar: epsilon. Flags: centred. Operands: x, scale [n], shift? [n], y. */
Kernel norm;
/* Operands: x, scale, dy, dx?, dscale?, dshift?, residual? (dx += residual; may be dx itself). Otherwise as `norm`. */
Kernel normGrad;

/* Sizes: rows, n. Flags: the activation. Operands: x, y. y may be x. */
Kernel activation;
/* Operands: x, dy, dx. dx = dy activation'(x); dx may be dy or x. */
Kernel activationGrad;
/* Operands: gate, x, y. y = activation(gate) x; y may be either. */
Kernel gated;
/* Operands: gate, x, dy, dgate?, dx?. dgate = dy x activation'(gate), dx = dy activation(gate); each may lie where an input does. */
Kernel gatedGrad;

/*
 * Sizes: rows, heads, headWidth, pairs, tableRows. Scalar: 1, or -1 to rotate backwards.
 * Operands: x, positions int [rows], y, cosines [tableRows, pairs], sines, frequencies double [pairs]. y may be x.
 * Positions within the table are looked up; others, negative ones too, are computed.
 */
Kernel rotary;

/*
 * Sizes: rows, length, heads, keyValueHeads, headWidth. Scalar: scale.
 * Operands: q, k, v, segments? int [rows * length], out, logSumExp? [rows * length, heads].
 * Query t of a row sees keys 0..t of its segment.
 */
Kernel attention;
/* Operands: q, k, v, segments?, out, logSumExp (null: computed again), dout, dq?, dk?, dv?. */
Kernel attentionGrad;

/* Sizes: rows, n, count (rows of the table). Operands: table, rows int [rows], y. A row outside the table gives NaN. */
Kernel gatherRows;
/* Sizes: rows, n, count. Operands: rows int, y, base? (may be out), out [count, n]. out = base + sum of y's rows; a row outside makes out[0] NaN. */
Kernel scatterAddRows;

/* Sizes: rows, n. Operands: x, out [n]. */
Kernel columnSum;
/* Sizes: rows, n. Operands: x, y. */
Kernel copy;
/* Operands: x, y, out; out may be either. */
Kernel add;
Kernel multiply;
/* Operands: x, out, which may be x. Scalar: factor. */
Kernel scale;
/* Operands: out. Scalar: value. */
Kernel fill;

#endif
