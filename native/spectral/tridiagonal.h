/* Householder's reduction of a symmetric matrix, and the eigenvalues of what it leaves. Knows nothing of where the matrix comes from. */
#ifndef TRIDIAGONAL_H
#define TRIDIAGONAL_H

#include <stdint.h>

/* Doubles of `scratch`. */
static inline int64_t reductionScratch(int64_t stride) { return 4 * stride; }

/*
 * a [stride, stride] is overwritten; only the upper triangle of its first n rows and columns counts, all finite and the largest about 1. The
 * tridiagonal matrix has the same eigenvalues: `diagonal` [n], `offDiagonal` [n], whose entry k couples k and k + 1, the last 0. `stride` is a multiple of eight.
 * Golub & Van Loan, 8.3.1
 */
void reduceToTridiagonal(double *a, int64_t n, int64_t stride, double *diagonal, double *offDiagonal, double *scratch);

#endif
