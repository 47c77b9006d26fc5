/** @file Householder reduction of a symmetric matrix to tridiagonal form. Knows nothing of eigenvalues. */
import { ShapeError } from "../foundation/errors.js";
import { reductionVectors } from "./dense-kernels.js";
import { type KernelMemory, kernelMemory } from "./kernel-memory.js";

/** A / scale = Q T Q', T symmetric tridiagonal, Q = H_0 H_1 ... with H_k = I - scales[k] v_k v_k'. */
export interface TridiagonalForm {
  readonly n: number;
  /** [n] */
  readonly diagonal: Float64Array;
  /** [n]; entry k couples k and k + 1, the last is 0. */
  readonly offDiagonal: Float64Array;
  /** [n]; 0 for the identity. */
  readonly scales: Float64Array;
  /** A power of two, so that no square over- or underflows and scaling rounds nothing. */
  readonly scale: number;
  /** [n, n]; v_k in row k, columns k + 1 .. n - 1. Empty where only the values were wanted. */
  readonly reflectors: Float64Array;
}

/** @param a [n, n], symmetric; only the upper triangle counts; not changed. @throws ShapeError where entries are not finite. */
export function tridiagonalForm(a: Float64Array, n: number): TridiagonalForm {
  if (a.length !== n * n) throw new ShapeError(`eigenvalues: ${a.length} values do not make a matrix of ${n} x ${n}.`);
  const memory = kernelMemory("dense");
  const padded = (n + 3) & ~3;
  const [at, scratchAt] = memory.layOut([padded * padded * 8, (reductionVectors * padded + 8) * 8]);
  const held = memory.float64(at, padded * padded).fill(0);
  for (let i = 0; i < n; i++) held.set(a.subarray(i * n + i, (i + 1) * n), i * padded + i);
  const scale = scaleUpper(held, n, padded);
  const form = { ...reduceInPlace(memory, at, n, padded, scratchAt), n, scale };
  const reflectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) reflectors.set(held.subarray(i * padded + i, i * padded + n), i * n + i);
  return { ...form, reflectors };
}

/** A sum of squares: what is below it is nothing beside entries of about 1, and its reciprocal would overflow. */
const negligible = 2 ** -1000;

/**
 * The update of one step and the product of the next share a pass over the triangle, two rows at a time.
 * @param at byte offset of the matrix, [n, padded], scaled, only its upper triangle counts; overwritten by the reflectors. Columns from n on
 * hold zeros. Golub & Van Loan, 8.3.1
 */
export function reduceInPlace(
  memory: KernelMemory,
  at: number,
  n: number,
  padded: number,
  scratchAt: number,
): Pick<TridiagonalForm, "diagonal" | "offDiagonal" | "scales"> {
  const a = memory.float64(at, padded * padded);
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const scales = new Float64Array(n);
  // The update that is still to be made: A -= v w' + w v'.
  let [vAt, wAt, nextVAt, nextWAt] = [0, 1, 2, 3].map((index) => scratchAt + index * padded * 8);
  const sumsAt = scratchAt + 4 * padded * 8;
  const sums = memory.float64(sumsAt, 3);
  let v = memory.float64(vAt, padded).fill(0);
  let w = memory.float64(wAt, padded).fill(0);
  let nextV = memory.float64(nextVAt, padded);
  let nextW = memory.float64(nextWAt, padded);
  const { updateRows } = memory.kernels;

  for (let k = 0; k < n; k++) {
    const row = k * padded;
    for (let j = k; j < n; j++) a[row + j] -= v[k] * w[j] + w[k] * v[j];
    diagonal[k] = a[row + k];
    if (k === n - 1) break;
    let tail = 0;
    for (let j = k + 2; j < n; j++) tail += a[row + j] ** 2;
    const head = a[row + k + 1];
    nextV.fill(0);
    nextW.fill(0);
    offDiagonal[k] = head;
    if (tail > negligible) {
      const norm = Math.sqrt(head * head + tail);
      // Of the two signs the one without cancellation.
      offDiagonal[k] = head > 0 ? -norm : norm;
      a[row + k + 1] = head - offDiagonal[k];
      scales[k] = 2 / (a[row + k + 1] ** 2 + tail);
      for (let j = k + 1; j < n; j++) nextV[j] = a[row + j];
    }
    // Pairs begin at even rows, so that their columns behind the diagonal block are aligned.
    let i = k + 1;
    if (i % 2 === 1) updateSingleRow(a, n, padded, i++, v, w, nextV, nextW);
    for (; i + 1 < n; i += 2) {
      const upper = i * padded;
      const lower = upper + padded;
      // The two by two block on the diagonal.
      const a00 = a[upper + i] - 2 * v[i] * w[i];
      const a01 = a[upper + i + 1] - (v[i] * w[i + 1] + w[i] * v[i + 1]);
      const a11 = a[lower + i + 1] - 2 * v[i + 1] * w[i + 1];
      a[upper + i] = a00;
      a[upper + i + 1] = a01;
      a[lower + i + 1] = a11;
      const x0 = nextV[i];
      const x1 = nextV[i + 1];
      let sum0 = a00 * x0 + a01 * x1;
      let sum1 = a01 * x0 + a11 * x1;
      const begin = i + 2;
      if (begin < n) {
        const offset = begin * 8;
        updateRows(
          at + upper * 8 + offset,
          at + lower * 8 + offset,
          vAt + offset,
          wAt + offset,
          nextVAt + offset,
          nextWAt + offset,
          // An odd number of columns takes the zero behind the last one along.
          ((n - begin + 1) & ~1) * 8,
          v[i],
          w[i],
          x0,
          v[i + 1],
          w[i + 1],
          x1,
          sumsAt,
        );
        sum0 += sums[0];
        sum1 += sums[1];
      }
      nextW[i] += sum0;
      nextW[i + 1] += sum1;
    }
    if (i < n) updateSingleRow(a, n, padded, i, v, w, nextV, nextW);
    let overlap = 0;
    for (let j = k + 1; j < n; j++) {
      nextW[j] *= scales[k];
      overlap += nextV[j] * nextW[j];
    }
    for (let j = k + 1; j < n; j++) nextW[j] -= 0.5 * scales[k] * overlap * nextV[j];
    [v, nextV, vAt, nextVAt] = [nextV, v, nextVAt, vAt];
    [w, nextW, wAt, nextWAt] = [nextW, w, nextWAt, wAt];
  }
  return { diagonal, offDiagonal, scales };
}

/**
 * Divides by a power of two so that the largest entry is about 1. @param a [n, padded], its upper triangle.
 * @returns the power. @throws ShapeError where entries are not finite.
 */
export function scaleUpper(a: Float64Array, n: number, padded: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const size = Math.abs(a[i * padded + j]);
      // Also true for NaN.
      if (!(size <= largest)) largest = size;
    }
    if (!Number.isFinite(largest)) throw new ShapeError("eigenvalues: the matrix holds NaN or infinite entries.");
  }
  const scale = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
  if (scale !== 1) for (let i = 0; i < n; i++) for (let j = i; j < n; j++) a[i * padded + j] /= scale;
  return scale;
}

/** Makes the pending update of row i from its diagonal on and adds the row's and the column's share of A x to `product`. */
function updateSingleRow(
  a: Float64Array,
  n: number,
  padded: number,
  i: number,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  product: Float64Array,
): void {
  const vi = v[i];
  const wi = w[i];
  const xi = x[i];
  const begin = i * padded;
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
