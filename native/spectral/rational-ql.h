/* Eigenvalues of a symmetric tridiagonal matrix. */
#ifndef RATIONAL_QL_H
#define RATIONAL_QL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Overwrites d [n], the diagonal, by the eigenvalues, in no order, and e [n], whose entry k couples k and k + 1. All are finite, and the
 * largest is about 1: squares of it must not vanish. @returns false where it does not converge. Reinsch, Numer. Math. 20 (1973), "A stable rational QL algorithm"
 */
bool tridiagonalEigenvalues(double *d, double *e, int64_t n);

#endif
