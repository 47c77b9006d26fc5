/** @file Eigenvalues and leading eigenvectors of a symmetric matrix. Knows nothing of where the matrix comes from. */
import { ShapeError } from "../foundation/errors.js";
import { implicitQl, RotationLog } from "./implicit-ql.js";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.js";
import { applyReflectors, tridiagonalForm } from "./tridiagonal-form.js";

/**
 * @param a [n, n], symmetric; only the upper triangle counts; not changed.
 * @returns [n], descending; each within about n * 1e-16 of the largest magnitude.
 * @throws ShapeError where entries are not finite. Golub & Van Loan, 8.3
 */
export function symmetricEigenvalues(a: Float64Array, n: number): Float64Array {
  const { diagonal, offDiagonal, scale } = tridiagonalForm(a, n);
  return tridiagonalEigenvalues(diagonal, offDiagonal).map((value) => value * scale);
}

export interface LeadingEigenvectors {
  /** [k], descending. */
  readonly values: Float64Array;
  /** [n, k], row-major; column j belongs to value j; orthonormal to rounding, signs arbitrary. */
  readonly vectors: Float64Array;
}

/**
 * The k largest eigenvalues with their vectors: the rotations of QL are recorded and applied to k unit vectors only.
 * @param a [n, n], symmetric; only the upper triangle counts; not changed.
 * @param k in 1..n. @throws ShapeError
 */
export function leadingEigenvectors(a: Float64Array, n: number, k: number): LeadingEigenvectors {
  if (!Number.isInteger(k) || k < 1 || k > n) throw new ShapeError(`eigenvectors: ${k} of ${n} were asked for.`);
  const form = tridiagonalForm(a, n);
  const log = new RotationLog();
  implicitQl(form.diagonal, form.offDiagonal, log);
  const order = Array.from(form.diagonal.keys()).sort((i, j) => form.diagonal[j] - form.diagonal[i] || i - j);
  const values = new Float64Array(k);
  const vectors = new Float64Array(n * k);
  for (let j = 0; j < k; j++) {
    values[j] = form.diagonal[order[j]] * form.scale;
    vectors[order[j] * k + j] = 1;
  }
  log.apply(vectors, k);
  applyReflectors(form, vectors, k);
  return { values, vectors };
}
