/** @file Householder reduction of a symmetric matrix to tridiagonal form. Knows nothing of eigenvalues. */

/** A = Q T Q', T symmetric tridiagonal, Q = H_0 H_1 ... with H_k = I - scales[k] v_k v_k'. */
export interface TridiagonalForm {
  readonly n: number;
  /** [n] */
  readonly diagonal: Float64Array;
  /** [n]; entry k couples k and k + 1, the last is 0. */
  readonly offDiagonal: Float64Array;
  /** [n, n]; v_k in row k, columns k + 1 .. n - 1. */
  readonly reflectors: Float64Array;
  /** [n]; 0 for the identity. */
  readonly scales: Float64Array;
}

/**
 * @param a [n, n], symmetric; only the upper triangle is read; overwritten by the reflectors.
 * Golub & Van Loan, 8.3.1. The update of one step and the product of the next share a pass over the triangle.
 */
export function tridiagonalForm(a: Float64Array, n: number): TridiagonalForm {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const scales = new Float64Array(n);
  // The update that is still to be made: A -= v w' + w v'.
  let v = new Float64Array(n);
  let w = new Float64Array(n);
  let nextV = new Float64Array(n);
  let nextW = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const row = k * n;
    for (let j = k; j < n; j++) a[row + j] -= v[k] * w[j] + w[k] * v[j];
    diagonal[k] = a[row + k];
    if (k === n - 1) break;
    let tail = 0;
    for (let j = k + 2; j < n; j++) tail += a[row + j] ** 2;
    const head = a[row + k + 1];
    nextV.fill(0);
    offDiagonal[k] = head;
    if (tail > 0) {
      const norm = Math.sqrt(head * head + tail);
      // Of the two signs the one without cancellation.
      offDiagonal[k] = head > 0 ? -norm : norm;
      a[row + k + 1] = head - offDiagonal[k];
      scales[k] = 2 / (a[row + k + 1] ** 2 + tail);
      for (let j = k + 1; j < n; j++) nextV[j] = a[row + j];
    }
    nextW.fill(0);
    for (let i = k + 1; i < n; i++) updateRow(a, n, i, v, w, nextV, nextW);
    let overlap = 0;
    for (let j = k + 1; j < n; j++) {
      nextW[j] *= scales[k];
      overlap += nextV[j] * nextW[j];
    }
    for (let j = k + 1; j < n; j++) nextW[j] -= 0.5 * scales[k] * overlap * nextV[j];
    [v, nextV] = [nextV, v];
    [w, nextW] = [nextW, w];
  }
  return { n, diagonal, offDiagonal, reflectors: a, scales };
}

/** Makes the pending update of row i right of its diagonal and adds the row's and the column's share of A x to `product`. */
function updateRow(
  a: Float64Array,
  n: number,
  i: number,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  product: Float64Array,
): void {
  const vi = v[i];
  const wi = w[i];
  const xi = x[i];
  const begin = i * n;
  const corner = a[begin + i] - 2 * vi * wi;
  a[begin + i] = corner;
  let sum = corner * xi;
  for (let j = i + 1; j < n; j++) {
    const entry = a[begin + j] - (vi * w[j] + wi * v[j]);
    a[begin + j] = entry;
    sum += entry * x[j];
    product[j] += entry * xi;
  }
  product[i] += sum;
}

/** X <- Q X. @param x [n, k], overwritten. */
export function applyReflectors(form: TridiagonalForm, x: Float64Array, k: number): void {
  const { n, reflectors, scales } = form;
  const overlap = new Float64Array(k);
  for (let step = n - 3; step >= 0; step--) {
    if (scales[step] === 0) continue;
    overlap.fill(0);
    for (let i = step + 1; i < n; i++) {
      const vi = reflectors[step * n + i] * scales[step];
      for (let j = 0; j < k; j++) overlap[j] += vi * x[i * k + j];
    }
    for (let i = step + 1; i < n; i++) {
      const vi = reflectors[step * n + i];
      for (let j = 0; j < k; j++) x[i * k + j] -= vi * overlap[j];
    }
  }
}
