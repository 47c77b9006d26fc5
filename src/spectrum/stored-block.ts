/** @file Picks rows or columns out of a stored matrix. Knows nothing of what they mean. */
import type { Range } from "../checkpoint/checkpoint-matrix.js";
import type { StoredBlock } from "./measure-request.js";

type Values = Float32Array | Float64Array;

/** A block in the orientation in which it is stored. */
export interface SelectedBlock {
  readonly values: Values;
  readonly rows: number;
  readonly cols: number;
}

const lengthOf = (ranges: readonly Range[]) => ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);

/** @param values [n, storedCols], row-major. @returns the values themselves where the block is all of them. */
export function selectBlock(values: Values, storedCols: number, block: StoredBlock): SelectedBlock {
  const total = values.length / storedCols;
  const { storedRows = [[0, total]], storedCols: chosenCols = [[0, storedCols]] } = block;
  const rows = lengthOf(storedRows);
  const cols = lengthOf(chosenCols);
  if (rows === total && cols === storedCols) return { values, rows, cols };
  const selected = values instanceof Float64Array ? new Float64Array(rows * cols) : new Float32Array(rows * cols);
  let at = 0;
  for (const [rowBegin, rowEnd] of storedRows) {
    for (let row = rowBegin; row < rowEnd; row++) {
      for (const [begin, end] of chosenCols) {
        selected.set(values.subarray(row * storedCols + begin, row * storedCols + end), at);
        at += end - begin;
      }
    }
  }
  return { values: selected, rows, cols };
}

/** @param values [rows, cols]. @returns [cols, rows] */
export function transposedValues(values: Values, rows: number, cols: number): Values {
  const result = values instanceof Float64Array ? new Float64Array(values.length) : new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) result[col * rows + row] = values[row * cols + col];
  return result;
}
