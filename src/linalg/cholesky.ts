/** @file Cholesky factorisation of small symmetric systems, in place and without allocation. Knows nothing of their origin. */

/**
 * Overwrites the lower triangle of a with L, a = L L'.
 * @param a [n, n], row-major; only the lower triangle is read.
 * @returns false where a is not positive definite to rounding (or not finite); the triangle is then undefined.
 */
export function factorCholesky(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      let sum = a[row + j];
      for (let k = 0; k < j; k++) sum -= a[row + k] * a[j * n + k];
      a[row + j] = sum / a[j * n + j];
    }
    let pivot = a[row + i];
    // What is left of a pivot that cancelled down to its rounding error carries no digit.
    const noise = n * Number.EPSILON * Math.abs(pivot);
    for (let k = 0; k < i; k++) pivot -= a[row + k] ** 2;
    if (!(pivot > noise) || pivot === Number.POSITIVE_INFINITY) return false;
    a[row + i] = Math.sqrt(pivot);
  }
  return true;
}

/** x <- L^-1 x. @param factor [n, n], lower triangle. @param x [n], overwritten. */
export function solveLower(factor: Float64Array, n: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= factor[i * n + k] * x[k];
    x[i] = sum / factor[i * n + i];
  }
}

/** x <- (L L')^-1 x. @param factor [n, n], lower triangle. @param x [n], overwritten. */
export function solveCholesky(factor: Float64Array, n: number, x: Float64Array): void {
  solveLower(factor, n, x);
  for (let i = n - 1; i >= 0; i--) {
    x[i] /= factor[i * n + i];
    for (let k = 0; k < i; k++) x[k] -= factor[i * n + k] * x[i];
  }
}
