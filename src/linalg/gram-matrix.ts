/** @file The Gram matrix of the smaller side of a matrix, in float64. Knows nothing of eigenvalues. */
import { ShapeError } from "../foundation/errors.js";

/** Columns of one panel: two tiles of eight rows of it stay in the first-level cache. */
const panelLength = 128;

/**
 * W W' where rows <= cols, else W'W: both have the squared singular values of W as eigenvalues.
 * @param w [rows, cols], row-major.
 * @returns [n, n], n = min(rows, cols), symmetric; every product and sum is float64.
 * @throws ShapeError
 */
export function gramMatrix(w: Float32Array, rows: number, cols: number): Float64Array {
  if (w.length !== rows * cols || w.length === 0) {
    throw new ShapeError(`Gram matrix: ${w.length} values do not make a matrix of ${rows} x ${cols}.`);
  }
  const n = Math.min(rows, cols);
  const length = Math.max(rows, cols);
  const gram = new Float64Array(n * n);
  // Padded with zero rows to whole tiles of four.
  const padded = (n + 3) & ~3;
  const panel = new Float64Array(padded * panelLength);
  for (let begin = 0; begin < length; begin += panelLength) {
    const count = Math.min(panelLength, length - begin);
    if (rows <= cols) {
      for (let i = 0; i < n; i++) {
        for (let k = 0; k < count; k++) panel[i * count + k] = w[i * cols + begin + k];
      }
    } else {
      for (let k = 0; k < count; k++) {
        for (let i = 0; i < n; i++) panel[i * count + k] = w[(begin + k) * cols + i];
      }
    }
    panel.fill(0, n * count, padded * count);
    addRowProducts(gram, n, panel, count);
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) gram[j * n + i] = gram[i * n + j];
  }
  return gram;
}

/**
 * Adds P P' to the lower triangle, in tiles of 4 x 2 sums.
 * @param gram [n, n]. @param panel [n padded with zero rows to a multiple of four, count], row-major.
 */
export function addRowProducts(gram: Float64Array, n: number, panel: Float64Array, count: number): void {
  const tile = new Float64Array(8);
  for (let i = 0; i < n; i += 4) {
    for (let j = 0; j < Math.min(i + 4, n); j += 2) {
      addTile(tile, panel, i * count, j * count, count);
      const iEnd = Math.min(i + 4, n);
      const jEnd = Math.min(j + 2, n);
      for (let r = i; r < iEnd; r++) {
        for (let c = j; c < jEnd; c++) gram[r * n + c] += tile[(r - i) * 2 + c - j];
      }
    }
  }
}

/** Dot products of four rows of the panel with two others. @param tile [4, 2], overwritten. */
function addTile(tile: Float64Array, panel: Float64Array, rowBegin: number, colBegin: number, count: number): void {
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  const row1 = rowBegin + count;
  const row2 = row1 + count;
  const row3 = row2 + count;
  const col1 = colBegin + count;
  for (let k = 0; k < count; k++) {
    const a = panel[colBegin + k];
    const b = panel[col1 + k];
    const r0 = panel[rowBegin + k];
    s00 += r0 * a;
    s01 += r0 * b;
    const r1 = panel[row1 + k];
    s10 += r1 * a;
    s11 += r1 * b;
    const r2 = panel[row2 + k];
    s20 += r2 * a;
    s21 += r2 * b;
    const r3 = panel[row3 + k];
    s30 += r3 * a;
    s31 += r3 * b;
  }
  tile[0] = s00;
  tile[1] = s01;
  tile[2] = s10;
  tile[3] = s11;
  tile[4] = s20;
  tile[5] = s21;
  tile[6] = s30;
  tile[7] = s31;
}
