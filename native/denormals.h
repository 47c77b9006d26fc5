/* Denormal numbers count as zero, as in onnxruntime: a masked softmax makes them, and they are slow. Of the thread that asks. */
#ifndef DENORMALS_H
#define DENORMALS_H

#include <stdint.h>

typedef uint64_t FloatControl;

/* @returns what was set before. */
static inline FloatControl flushDenormals(void) {
#if defined(__x86_64__)
  unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040);
  return before;
#elif defined(__aarch64__)
  FloatControl before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | (1u << 24)));
  return before;
#else
  return 0;
#endif
}

static inline void restoreFloatControl(FloatControl before) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((unsigned)before);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
  (void)before;
#endif
}

#endif
