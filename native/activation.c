/* Activations and their gradients, alone or as the gate of another matrix. Knows no formula. */
#include "elementwise.h"
#include "vector-math.h"

typedef enum { forward, backward, gatedForward, gatedBackward } Direction;

/* All is read before anything is written: outputs may lie where inputs do. */
__attribute__((always_inline)) static inline void step(Activation which, Direction direction, float *const *operands, int64_t i,
                                                       int64_t count) {
  Vector slope, first = loadPart(operands[0] + i, count);
  Vector y = activationAndSlope(which, first, &slope);
  if (direction == forward) {
    storePart(operands[1] + i, y, count);
    return;
  }
  Vector second = loadPart(operands[1] + i, count);
  if (direction == backward) storePart(operands[2] + i, second * slope, count);
  if (direction == gatedForward) storePart(operands[2] + i, y * second, count);
  if (direction != gatedBackward) return;
  Vector dy = loadPart(operands[2] + i, count);
  if (operands[3] != NULL) storePart(operands[3] + i, dy * second * slope, count);
  if (operands[4] != NULL) storePart(operands[4] + i, dy * y, count);
}

__attribute__((always_inline)) static inline void steps(Activation which, Direction direction, float *const *operands, int64_t count) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) step(which, direction, operands, i, lanes);
  if (i < count) step(which, direction, operands, i, count - i);
}

__attribute__((always_inline)) static inline void stretch(const Instruction *instruction, Direction direction, float *const *operands,
                                                          int64_t count) {
  switch (activationOf(instruction)) {
    case activationNone:
      return steps(activationNone, direction, operands, count);
    case activationGeluTanh:
      return steps(activationGeluTanh, direction, operands, count);
    case activationGelu:
      return steps(activationGelu, direction, operands, count);
    case activationSilu:
      return steps(activationSilu, direction, operands, count);
  }
}

static void activationStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  stretch(instruction, forward, operands, count);
}

static void activationGradStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  stretch(instruction, backward, operands, count);
}

static void gatedStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  stretch(instruction, gatedForward, operands, count);
}

static void gatedGradStretch(const Instruction *instruction, float *const *operands, int64_t count) {
  stretch(instruction, gatedBackward, operands, count);
}

bool activation(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 2, activationStretch); }

bool activationGrad(const Instruction *instruction, Pool *pool) {
  return overElements(instruction, pool, 3, activationGradStretch);
}

bool gated(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 3, gatedStretch); }

bool gatedGrad(const Instruction *instruction, Pool *pool) { return overElements(instruction, pool, 5, gatedGradStretch); }
