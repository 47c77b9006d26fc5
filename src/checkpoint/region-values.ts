/** @file Picks rows or columns out of stored values, and turns them. Knows nothing of what they mean. */
import type { Range, StoredRegion } from "./checkpoint-matrix.js";

type Values = Float32Array | Float64Array;

/** In the orientation in which they are stored. */
export interface RegionValues<V extends Values> {
  /** [rows, cols], row-major. */
  readonly values: V;
  readonly rows: number;
  readonly cols: number;
}

const empty = <V extends Values>(like: V, length: number): V =>
  (like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)) as V;

const lengthOf = (ranges: readonly Range[]) => ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);

/** @param block the whole block of [rows, cols], row-major. @returns the block itself where the region is all of it. */
export function regionValues<V extends Values>(block: V, region: StoredRegion): RegionValues<V> {
  const { rowRanges = [[0, region.rows]], colRanges = [[0, region.cols]] } = region;
  const [rows, cols] = [lengthOf(rowRanges), lengthOf(colRanges)];
  if (rows === region.rows && cols === region.cols) return { values: block, rows, cols };
  const values = empty(block, rows * cols);
  let at = 0;
  for (const [rowBegin, rowEnd] of rowRanges) {
    for (let row = rowBegin; row < rowEnd; row++) {
      for (const [begin, end] of colRanges) {
        values.set(block.subarray(row * region.cols + begin, row * region.cols + end), at);
        at += end - begin;
      }
    }
  }
  return { values, rows, cols };
}

/** @param values [rows, cols], row-major. @returns [cols, rows] */
export function transposedValues<V extends Values>(values: V, rows: number, cols: number): V {
  const result = empty(values, values.length);
  // In squares, so that both sides stay in the cache.
  const side = 32;
  for (let rowBegin = 0; rowBegin < rows; rowBegin += side) {
    const rowEnd = Math.min(rows, rowBegin + side);
    for (let colBegin = 0; colBegin < cols; colBegin += side) {
      const colEnd = Math.min(cols, colBegin + side);
      for (let row = rowBegin; row < rowEnd; row++) {
        for (let col = colBegin; col < colEnd; col++) result[col * rows + row] = values[row * cols + col];
      }
    }
  }
  return result;
}
