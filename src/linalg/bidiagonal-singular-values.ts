/** @file Singular values to float64's own accuracy, without squaring. Knows nothing of what is measured on them. */
import { ShapeError } from "../foundation/errors.js";
import { kernelMemory } from "./kernel-memory.js";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.js";

type Values = Float32Array | Float64Array;

/** Rows that are folded into the triangle at a time. */
const foldedRows = 256;

/**
 * Rows are folded into an upper triangle R by Householder's reflections, R is reduced to bidiagonal form, and its singular values are the
 * positive eigenvalues of the tridiagonal matrix of Golub and Kahan.
 * @param w [rows, cols], row-major, finite.
 * @returns descending, length min(rows, cols); each within about 1e-14 of the largest. About 2 n^2 m + 8/3 n^3 operations.
 * @throws ShapeError. Golub & Van Loan, 5.2, 5.4 and 8.6; Chan, ACM TOMS 8 (1982)
 */
export function bidiagonalSingularValues(w: Values, rows: number, cols: number): Float64Array {
  if (w.length !== rows * cols || w.length === 0) {
    throw new ShapeError(`singular values: ${w.length} values do not make a matrix of ${rows} x ${cols}.`);
  }
  let largest = 0;
  for (const value of w) {
    const size = Math.abs(value);
    if (!(size <= largest)) largest = size;
    if (!Number.isFinite(largest)) throw new ShapeError("singular values: the matrix holds NaN or infinite entries.");
  }
  const n = Math.min(rows, cols);
  if (largest === 0) return new Float64Array(n);
  const scale = 2 ** Math.floor(Math.log2(largest));
  const memory = kernelMemory("dense");
  // An even number of columns, the last a zero where n is odd, and room for what the kernels read behind the last row.
  const stride = (n + 1) & ~1;
  const length = Math.max(rows, cols);
  const [triangleAt, foldAt, vectorAt] = memory.layOut([n * stride * 8, foldedRows * stride * 8, stride * 8]);
  const triangle = memory.float64(triangleAt, n * stride).fill(0);
  const fold = memory.float64(foldAt, foldedRows * stride);
  for (let begin = 0; begin < length; begin += foldedRows) {
    const count = Math.min(foldedRows, length - begin);
    fold.fill(0);
    for (let i = 0; i < count; i++) {
      // A wide matrix is taken by its columns: its transpose has the same singular values.
      for (let j = 0; j < n; j++)
        fold[i * stride + j] = (rows >= cols ? w[(begin + i) * cols + j] : w[j * cols + begin + i]) / scale;
    }
    foldRows({ memory, triangle, triangleAt, fold, foldAt, vectorAt, n, stride, count });
  }
  return bidiagonalValues({ memory, a: triangle, at: triangleAt, vectorAt, n, stride }).map((value) => value * scale);
}

interface Fold {
  readonly memory: ReturnType<typeof kernelMemory>;
  readonly triangle: Float64Array;
  readonly triangleAt: number;
  readonly fold: Float64Array;
  readonly foldAt: number;
  readonly vectorAt: number;
  readonly n: number;
  readonly stride: number;
  readonly count: number;
}

/** [R; B] <- Q' [R; B], R upper triangular, B zero. Reflection j touches row j of R and all of B, columns j and behind. */
function foldRows({ memory, triangle, triangleAt, fold, foldAt, vectorAt, n, stride, count }: Fold): void {
  const { addScaled } = memory.kernels;
  const product = memory.float64(vectorAt, stride);
  for (let j = 0; j < n; j++) {
    let tail = 0;
    for (let i = 0; i < count; i++) tail += fold[i * stride + j] ** 2;
    if (tail === 0) continue;
    const head = triangle[j * stride + j];
    const norm = Math.sqrt(head * head + tail);
    const diagonal = head > 0 ? -norm : norm;
    const first = head - diagonal;
    const factor = 2 / (first * first + tail);
    // product = v' [R_j; B] from an even column on; columns before j are zero in R_j and already zero in B.
    const begin = j & ~1;
    const bytes = (stride - begin) * 8;
    product.fill(0, begin);
    addScaled(vectorAt + begin * 8, triangleAt + (j * stride + begin) * 8, bytes, first);
    for (let i = 0; i < count; i++) {
      const v = fold[i * stride + j];
      if (v !== 0) addScaled(vectorAt + begin * 8, foldAt + (i * stride + begin) * 8, bytes, v);
    }
    if (begin < j) product[begin] = 0;
    addScaled(triangleAt + (j * stride + begin) * 8, vectorAt + begin * 8, bytes, -factor * first);
    for (let i = 0; i < count; i++) {
      const v = fold[i * stride + j];
      if (v !== 0) addScaled(foldAt + (i * stride + begin) * 8, vectorAt + begin * 8, bytes, -factor * v);
      fold[i * stride + j] = 0;
    }
    triangle[j * stride + j] = diagonal;
  }
}

interface Square {
  readonly memory: ReturnType<typeof kernelMemory>;
  readonly a: Float64Array;
  readonly at: number;
  readonly vectorAt: number;
  readonly n: number;
  readonly stride: number;
}

/** Householder bidiagonalization: reflections from the left on columns and from the right on rows, in turns. */
function bidiagonalValues({ memory, a, at, vectorAt, n, stride }: Square): Float64Array {
  const { addScaled, dot } = memory.kernels;
  const vector = memory.float64(vectorAt, stride);
  // Of the Golub-Kahan matrix: zero diagonal, off-diagonal d_0 e_0 d_1 e_1 ... d_(n-1).
  const coupled = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    let tail = 0;
    for (let i = k + 1; i < n; i++) tail += a[i * stride + k] ** 2;
    const begin = k & ~1;
    const bytes = (stride - begin) * 8;
    if (tail > 0) {
      const head = a[k * stride + k];
      const norm = Math.sqrt(head * head + tail);
      const diagonal = head > 0 ? -norm : norm;
      const first = head - diagonal;
      const factor = 2 / (first * first + tail);
      a[k * stride + k] = first;
      vector.fill(0, begin);
      for (let i = k; i < n; i++)
        addScaled(vectorAt + begin * 8, at + (i * stride + begin) * 8, bytes, a[i * stride + k]);
      // Column k itself is replaced by the diagonal and must keep the reflector until all rows are done.
      for (let c = begin; c <= k; c++) vector[c] = 0;
      for (let i = k; i < n; i++)
        addScaled(at + (i * stride + begin) * 8, vectorAt + begin * 8, bytes, -factor * a[i * stride + k]);
      a[k * stride + k] = diagonal;
    }
    coupled[2 * k] = a[k * stride + k];
    if (k + 1 === n) break;
    let right = 0;
    for (let j = k + 2; j < n; j++) right += a[k * stride + j] ** 2;
    const head = a[k * stride + k + 1];
    coupled[2 * k + 1] = head;
    if (right === 0) continue;
    const norm = Math.sqrt(head * head + right);
    coupled[2 * k + 1] = head > 0 ? -norm : norm;
    const first = head - coupled[2 * k + 1];
    const factor = 2 / (first * first + right);
    const from = (k + 1) & ~1;
    vector.fill(0, from);
    for (let j = k + 1; j < n; j++) vector[j] = a[k * stride + j];
    vector[k + 1] = first;
    const width = (stride - from) * 8;
    for (let i = k + 1; i < n; i++) {
      const row = at + (i * stride + from) * 8;
      addScaled(row, vectorAt + from * 8, width, -factor * dot(row, vectorAt + from * 8, width));
    }
  }
  const eigenvalues = tridiagonalEigenvalues(new Float64Array(2 * n), coupled.fill(0, 2 * n - 1));
  return eigenvalues.slice(0, n).map((value) => Math.max(0, value));
}
