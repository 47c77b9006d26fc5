/** @file Singular values of a matrix. Knows nothing of what is measured on them. */
import { gramOf } from "./gram-matrix.js";

/**
 * Square roots of the eigenvalues of the float64 Gram matrix of the smaller side.
 * @param w [rows, cols], row-major, finite.
 * @returns descending, length min(rows, cols); a value s is within 1e-15 s1^2 / s and at worst 1e-7 s1 of the true one, s1 the largest.
 * @throws ShapeError
 */
export function singularValues(w: Float32Array, rows: number, cols: number): Float64Array {
  const eigenvalues = gramOf(w, rows, cols).eigenvalues();
  // Rounding may leave a zero slightly negative.
  return eigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
}
