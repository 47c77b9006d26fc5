/** @file Linear least squares by Householder QR. Knows nothing of what is fitted. */
import { ShapeError } from "../foundation/errors.js";

/**
 * The pseudo-inverse of a tall matrix of full column rank: x = A+ b minimises |A x - b|.
 * @param a [m, n], row-major, m >= n; not changed.
 * @returns [n, m], row-major.
 * @throws ShapeError where m < n or the columns are dependent to rounding. Golub & Van Loan, 5.2.2
 */
export function pseudoInverse(a: Float64Array, m: number, n: number): Float64Array {
  if (m < n || a.length !== m * n) {
    throw new ShapeError(`least squares: ${m} equations in ${n} unknowns (${a.length} values); wanted at least ${n}.`);
  }
  const r = a.slice();
  const reflectors: { v: Float64Array; scale: number }[] = [];
  const largest = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  for (let k = 0; k < n; k++) {
    let squares = 0;
    for (let i = k; i < m; i++) squares += r[i * n + k] ** 2;
    const head = r[k * n + k];
    const pivot = head > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    if (!(Math.abs(pivot) > largest * m * Number.EPSILON)) {
      throw new ShapeError(`least squares: column ${k} of ${n} depends on those before it. Leave it out.`);
    }
    const v = new Float64Array(m);
    for (let i = k; i < m; i++) v[i] = r[i * n + k];
    v[k] -= pivot;
    // |v|^2 / 2 = pivot^2 - pivot * head.
    const scale = 1 / (squares - pivot * head);
    reflect(r, m, n, v, scale, k);
    reflectors.push({ v, scale });
  }
  // The first n columns of Q = H_0 H_1 ...
  const q = new Float64Array(m * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 1; k >= 0; k--) reflect(q, m, n, reflectors[k].v, reflectors[k].scale, k);
  // R x = Q'
  const x = new Float64Array(n * m);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = 0; j < m; j++) {
      let sum = q[j * n + i];
      for (let k = i + 1; k < n; k++) sum -= r[i * n + k] * x[k * m + j];
      x[i * m + j] = sum / r[i * n + i];
    }
  }
  return x;
}

/** values <- (I - scale v v') values. @param values [m, cols] */
function reflect(values: Float64Array, m: number, cols: number, v: Float64Array, scale: number, begin: number): void {
  const overlap = new Float64Array(cols);
  for (let i = begin; i < m; i++) {
    for (let j = 0; j < cols; j++) overlap[j] += v[i] * values[i * cols + j];
  }
  for (let i = begin; i < m; i++) {
    for (let j = 0; j < cols; j++) values[i * cols + j] -= scale * v[i] * overlap[j];
  }
}
