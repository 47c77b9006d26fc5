/*
 * What the shared library exports: threads, a list of instructions run in order, and the optimizer's two loops. The calling thread is not
 * ours: how it treats denormal numbers is put back.
 */
#include "library.h"

#include <sys/mman.h>

#include "denormals.h"
#include "optimizer.h"
#include "pool.h"

static Kernel *const kernels[kernelCount] = {
    [kernelMatrixProduct] = matrixProduct,
    [kernelCrossEntropy] = crossEntropy,
    [kernelNorm] = norm,
    [kernelNormGrad] = normGrad,
    [kernelActivation] = activation,
    [kernelActivationGrad] = activationGrad,
    [kernelGated] = gated,
    [kernelGatedGrad] = gatedGrad,
    [kernelRotary] = rotary,
    [kernelAttention] = attention,
    [kernelAttentionGrad] = attentionGrad,
    [kernelGatherRows] = gatherRows,
    [kernelScatterAddRows] = scatterAddRows,
    [kernelColumnSum] = columnSum,
    [kernelCopy] = copy,
    [kernelAdd] = add,
    [kernelMultiply] = multiply,
    [kernelScale] = scale,
    [kernelFill] = fill,
};

int32_t deadweightInstructionBytes(void) { return (int32_t)sizeof(Instruction); }

uint64_t deadweightAddress(const void *data) { return (uint64_t)(uintptr_t)data; }

void *deadweightAllocate(int64_t bytes) {
  void *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
#if defined(MADV_HUGEPAGE)
  madvise(memory, (size_t)bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void deadweightFree(void *memory, int64_t bytes) { munmap(memory, (size_t)bytes); }

Pool *deadweightOpen(int32_t threads) { return poolOpen(threads); }

void deadweightClose(Pool *pool) { poolClose(pool); }

int64_t deadweightScratchBytes(const Pool *pool) { return (int64_t)poolBytes(pool); }

int32_t deadweightRun(Pool *pool, const Instruction *instructions, int64_t count) {
  FloatControl before = flushDenormals();
  int32_t status = statusDone;
  for (int64_t i = 0; i < count && status == statusDone; i++) {
    int32_t kernel = instructions[i].kernel;
    if (kernel < 0 || kernel >= kernelCount) status = statusUnknownKernel;
    else if (!kernels[kernel](&instructions[i], pool)) status = statusNoMemory;
  }
  restoreFloatControl(before);
  return status;
}

double deadweightSumOfSquares(Pool *pool, const float *values, int64_t count) {
  FloatControl before = flushDenormals();
  double sum = sumOfSquares(pool, values, count);
  restoreFloatControl(before);
  return sum;
}

void deadweightAdamw(Pool *pool, float *weights, const float *gradients, float *firstMoments, float *secondMoments,
                     int64_t count, const double *scalars) {
  FloatControl before = flushDenormals();
  adamw(pool, weights, gradients, firstMoments, secondMoments, count, scalars);
  restoreFloatControl(before);
}
