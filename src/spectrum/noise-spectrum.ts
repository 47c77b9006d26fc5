/** @file Singular values of i.i.d. normal matrices, drawn without drawing the matrix. Knows nothing of measures. */
import { exactLog } from "../foundation/normal-quantile.js";
import type { RandomStream } from "../foundation/random.js";
import { tridiagonalEigenvalues } from "../linalg/tridiagonal-eigenvalues.js";

/** A draw of the chi-squared distribution, k >= 1 degrees of freedom. Marsaglia & Tsang, ACM TOMS 26 (2000), for k > 2. */
function chiSquared(stream: RandomStream, k: number): number {
  if (k === 1) return stream.normal() ** 2;
  if (k === 2) return -2 * exactLog(stream.uniform());
  const d = k / 2 - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (exactLog(stream.uniform()) < 0.5 * x * x + d - d * v + d * exactLog(v)) return 2 * d * v;
  }
}

/**
 * Singular values of a rows x cols matrix of independent standard normal entries. Householder reduction turns it into a bidiagonal
 * matrix of independent chi variables with the same singular values, so that a draw costs n^2 instead of n^2 m.
 * @returns descending, length min(rows, cols). Dumitriu & Edelman, J. Math. Phys. 43 (2002), beta = 1
 */
export function drawNoiseSpectrum(stream: RandomStream, rows: number, cols: number): Float64Array {
  const n = Math.min(rows, cols);
  const m = Math.max(rows, cols);
  // B B' of the lower bidiagonal B with diagonal chi_m .. chi_(m-n+1) and subdiagonal chi_(n-1) .. chi_1.
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  let below = 0;
  for (let i = 0; i < n; i++) {
    const square = chiSquared(stream, m - i);
    diagonal[i] = square + below;
    if (i === n - 1) break;
    below = chiSquared(stream, n - 1 - i);
    offDiagonal[i] = Math.sqrt(square * below);
  }
  return tridiagonalEigenvalues(diagonal, offDiagonal).map((value) => Math.sqrt(Math.max(0, value)));
}
