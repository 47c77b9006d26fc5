/** @file Sums of products of the rows of small matrices, without the kernels' memory. Knows nothing of what the rows are. */

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
