/* What a scan takes from C; src/spectrum/native-kernels.ts declares the same. The caller's thread does all the work. */
#ifndef SPECTRAL_LIBRARY_H
#define SPECTRAL_LIBRARY_H

#include <stdint.h>

/* The first six as in gram.h; `single` says that products are float. */
void deadweightAddProducts(const void *data, int32_t isDouble, int32_t byColumns, int64_t n, int64_t count, double factor, int32_t single,
                           double *gram, int64_t stride, void *panel, int64_t depth);

/* The eigenvalues of a, in no order. See tridiagonal.h and rational-ql.h; `offDiagonal` [n] is scratch too. @returns 0 without convergence. */
int32_t deadweightEigenvalues(double *a, int64_t n, int64_t stride, double *values, double *offDiagonal, double *scratch);

/* `moments`: sum, m2, m3, m4 as in moments.h, of `count` entries from `begin` on. */
void deadweightMoments(const void *entries, int32_t isDouble, int64_t begin, int64_t count, double *moments);

/* See moments.h. */
double deadweightLargest(const void *entries, int32_t isDouble, int64_t count);

/* See held.h. */
void deadweightGramTimes(const float *w, int64_t rows, int64_t stride, const float *x, float *y, float *scratch);

#endif
