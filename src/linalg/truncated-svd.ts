/** @file The best approximation of a matrix by one of lower rank. Knows nothing of what is done with it. */
import { ShapeError } from "../foundation/errors.js";
import { gramMatrix } from "./gram-matrix.js";
import { orthogonalizeRows } from "./one-sided-jacobi.js";
import { leadingEigenvectors } from "./symmetric-eigen.js";

/** W ~ left diag(singular) right. */
export interface TruncatedSvd {
  /** [rows, rank], row-major; orthonormal columns. */
  readonly left: Float64Array;
  /** [rank], descending. */
  readonly singular: Float64Array;
  /** [rank, cols], row-major; orthonormal rows, the entry of largest magnitude positive. */
  readonly right: Float64Array;
}

/**
 * The first `rank` singular triples: eigenvectors of the Gram matrix, then one Rayleigh-Ritz step on W itself, which restores
 * the digits that squaring lost. Deterministic. The reconstruction is the best one but for 1e-8 of the largest singular value,
 * float32's own rounding. A singular value that is zero to float64's rounding is returned as 0 with zero vectors.
 * @param w [rows, cols], row-major, finite. @param rank in 1..min(rows, cols).
 * @throws ShapeError. Eckart & Young 1936; Golub & Van Loan, 8.6
 */
export function truncatedSvd(w: Float32Array, rows: number, cols: number, rank: number): TruncatedSvd {
  const n = Math.min(rows, cols);
  if (!Number.isInteger(rank) || rank < 1 || rank > n) {
    throw new ShapeError(`truncated SVD: rank ${rank} of a matrix of ${rows} x ${cols}; it must be in 1..${n}.`);
  }
  const wide = rows <= cols;
  const length = Math.max(rows, cols);
  const { vectors } = leadingEigenvectors(gramMatrix(w, rows, cols), n, rank);
  const near = transposed(vectors, n, rank);
  const far = wide ? imageOfRows(w, rows, cols, near, rank) : imageOfColumns(w, rows, cols, near, rank);
  orthogonalizeRows(far, length, near, n, rank);

  const norms = Float64Array.from({ length: rank }, (_, j) => norm(far.subarray(j * length, (j + 1) * length)));
  const order = Array.from(norms.keys()).sort((i, j) => norms[j] - norms[i] || i - j);
  const smallest = norms[order[0]] * length * Number.EPSILON;
  const left = new Float64Array(rows * rank);
  const singular = new Float64Array(rank);
  const right = new Float64Array(rank * cols);
  order.forEach((from, to) => {
    if (norms[from] <= smallest) return;
    const nearVector = near.subarray(from * n, (from + 1) * n);
    const farVector = far.subarray(from * length, (from + 1) * length).map((value) => value / norms[from]);
    const [leftVector, rightVector] = wide ? [nearVector, farVector] : [farVector, nearVector];
    const sign = signOfLargest(rightVector);
    singular[to] = norms[from];
    for (let i = 0; i < rows; i++) left[i * rank + to] = sign * leftVector[i];
    for (let j = 0; j < cols; j++) right[to * cols + j] = sign * rightVector[j];
  });
  return { left, singular, right };
}

function transposed(values: Float64Array, rows: number, cols: number): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) result[j * rows + i] = values[i * cols + j];
  return result;
}

/** Q W. @param q [k, rows]. @returns [k, cols] */
function imageOfRows(w: Float32Array, rows: number, cols: number, q: Float64Array, k: number): Float64Array {
  const image = new Float64Array(k * cols);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < k; t++) {
      const factor = q[t * rows + i];
      for (let j = 0; j < cols; j++) image[t * cols + j] += factor * w[i * cols + j];
    }
  }
  return image;
}

/** Q W'. @param q [k, cols]. @returns [k, rows] */
function imageOfColumns(w: Float32Array, rows: number, cols: number, q: Float64Array, k: number): Float64Array {
  const image = new Float64Array(k * rows);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < k; t++) {
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += q[t * cols + j] * w[i * cols + j];
      image[t * rows + i] = sum;
    }
  }
  return image;
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function signOfLargest(values: Float64Array): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}
