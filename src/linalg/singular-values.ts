/** @file Singular values of a matrix. Knows nothing of what is measured on them. */
import type { DenseKernels } from "./dense-kernels.js";
import { gramOf } from "./gram-matrix.js";
import { wasmKernels } from "./wasm-kernels.js";

/**
 * Square roots of the eigenvalues of the float64 Gram matrix of the smaller side.
 * @param w [rows, cols], row-major, finite.
 * @returns descending, length min(rows, cols); a value s is within 1e-15 s1^2 / s and at worst 1e-7 s1 of the true one, s1 the largest.
 * @throws ShapeError
 */
export function singularValues(
  w: Float32Array,
  rows: number,
  cols: number,
  kernels: DenseKernels = wasmKernels,
): Float64Array {
  const eigenvalues = gramOf(w, rows, cols, kernels).eigenvalues();
  // Rounding may leave a zero slightly negative.
  return eigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
}
