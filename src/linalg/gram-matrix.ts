/** @file The Gram matrix of the smaller side of a matrix, in float64. Knows nothing of eigenvalues. */
import { ShapeError } from "../foundation/errors.js";
import type { DenseKernels } from "./dense-kernels.js";
import { type GramSum, gramSum } from "./gram-sum.js";
import { wasmKernels } from "./wasm-kernels.js";

/**
 * W W' where rows <= cols, else W'W: both have the squared singular values of W as eigenvalues.
 * @param w [rows, cols], row-major. @returns the sum of n x n, n = min(rows, cols); every product and sum is float64.
 * @throws ShapeError
 */
export function gramOf(w: Float32Array, rows: number, cols: number, kernels: DenseKernels = wasmKernels): GramSum {
  if (w.length !== rows * cols || w.length === 0) {
    throw new ShapeError(`Gram matrix: ${w.length} values do not make a matrix of ${rows} x ${cols}.`);
  }
  const gram = gramSum(Math.min(rows, cols), { kernels });
  if (rows <= cols) gram.addColumns(w, cols);
  else gram.addRows(w, rows);
  return gram;
}

/** @returns [n, n], n = min(rows, cols), symmetric; see `gramOf`. @throws ShapeError */
export function gramMatrix(w: Float32Array, rows: number, cols: number): Float64Array {
  return gramOf(w, rows, cols).matrix();
}
