/** @file Finds the spectrum of a matrix in the way that its size and the wanted depth ask for. Knows no measures. */
import { randomStream } from "../foundation/random.js";
import { bidiagonalSingularValues } from "../linalg/bidiagonal-singular-values.js";
import type { DenseKernels } from "../linalg/dense-kernels.js";
import { type GramOptions, type GramSum, gramSum } from "../linalg/gram-sum.js";
import { type HeldMatrix, holdMatrix } from "../linalg/held-matrix.js";
import { largestEigenvalue } from "../linalg/largest-eigenvalue.js";
import { estimateSpectrum } from "../linalg/spectral-quadrature.js";
import { type EntryMoments, rootSumOfSquares } from "./entry-moments.js";
import { estimatedFindings } from "./estimated-spectrum.js";
import type { Findings } from "./measures-with-nulls.js";
import { type Depth, largestExactSide } from "./measuring.js";

/** Shares of the largest singular value below which everything is rounding: of a float64 Gram matrix, of bidiagonalization. */
const resolutions = { gram: 1e-7, bidiagonal: 1e-14 } as const;

/** What small eigenvalues do not matter to is summed up at single precision. */
export const gramOptions = (depth: Depth, kernels?: DenseKernels): GramOptions => ({
  precision: depth === "norms" ? "float32" : "float64",
  ...(kernels && { kernels }),
});

/** Consumes the sum. */
export function gramFindings(gram: GramSum, rows: number, cols: number, depth: Depth): Findings {
  if (depth === "norms") {
    const { trace, squares } = gram.sums();
    const spectralNorm = Math.sqrt(largestEigenvalue(gram.product, gram.n));
    return { kind: "norms", pr: squares > 0 ? (trace / squares) * trace : null, spectralNorm };
  }
  // Rounding may leave a zero slightly negative.
  const singular = gram.eigenvalues().map((value) => Math.sqrt(Math.max(0, value)));
  return { kind: "spectrum", method: "gram", spectrum: { rows, cols, singular, resolution: resolutions.gram } };
}

export function heldFindings(
  matrix: HeldMatrix,
  rows: number,
  cols: number,
  moments: EntryMoments,
  seed: number,
): Findings {
  const found = estimateSpectrum(matrix, randomStream(seed, `quadrature ${rows}x${cols}`));
  return estimatedFindings(found, rows, cols, rootSumOfSquares(moments) ** 2);
}

/** @param w [rows, cols], row-major, finite. @throws ShapeError */
export function findingsOf(
  w: Float32Array | Float64Array,
  rows: number,
  cols: number,
  moments: EntryMoments,
  { depth, seed, kernels }: { readonly depth: Depth; readonly seed: number; readonly kernels?: DenseKernels },
): Findings {
  if (depth === "exact") {
    const singular = bidiagonalSingularValues(w, rows, cols);
    const spectrum = { rows, cols, singular, resolution: resolutions.bidiagonal };
    return { kind: "spectrum", method: "bidiagonal", spectrum };
  }
  const side = Math.min(rows, cols);
  if (side > largestExactSide) {
    const matrix = holdMatrix(rows, cols, kernels);
    matrix.putRows(w, 0);
    return heldFindings(matrix, rows, cols, moments, seed);
  }
  const gram = gramSum(side, gramOptions(depth, kernels));
  if (rows >= cols) gram.addRows(w, rows);
  else gram.addColumns(w, cols);
  return gramFindings(gram, rows, cols, depth);
}

/** Of a matrix with NaN or infinite entries. */
export const brokenFindings = ({ broken, count }: EntryMoments): Findings => ({
  kind: "nothing",
  note: `${broken} of ${count} entries are NaN or infinite`,
});
