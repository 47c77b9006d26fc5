/* A loop whose rounds are all written out: its arrays then lie in registers. */
#ifndef UNROLL_H
#define UNROLL_H

#if defined(__clang__)
#define unrollFully _Pragma("clang loop unroll(full)")
#else
#define unrollFully _Pragma("GCC unroll 16")
#endif

#endif
