/** @file Eigenvalues of a symmetric tridiagonal matrix. Knows nothing of full matrices. */
import { implicitQl } from "./implicit-ql.js";

/**
 * @param diagonal [n]. @param offDiagonal [n], entry k couples k and k + 1. Neither is changed; squares must stay in range.
 * @returns [n], descending. @throws ShapeError where entries are not finite.
 */
export function tridiagonalEigenvalues(diagonal: Float64Array, offDiagonal: Float64Array): Float64Array {
  const values = diagonal.slice();
  implicitQl(values, offDiagonal.slice());
  return values.sort().reverse();
}
