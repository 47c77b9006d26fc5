/** @file The values of one matrix, read at once. Knows nothing of which tensor is which weight. */
import { isFloatDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import type { Checkpoint } from "./checkpoint.js";
import type { CheckpointMatrix, Range, StoredRegion } from "./checkpoint-matrix.js";
import { decodeElements, elementBytes } from "./stored-elements.js";

/** @returns [rows * cols], row-major, output x input whatever the storage order, scales applied. @throws InputError */
export function readMatrix(checkpoint: Checkpoint, matrix: CheckpointMatrix): Float32Array {
  const { rows, cols, transposed, stored } = matrix;
  const values = selected(readRegion(checkpoint, matrix), stored);
  return transposed ? transpose(values, cols, rows) : values;
}

/** The whole block, as it is stored. */
function readRegion(checkpoint: Checkpoint, { tensor, dtype, part, expert, stored }: CheckpointMatrix): Float32Array {
  // In pieces, which takes less memory.
  if (isFloatDtype(dtype) && part === null && stored.elementBegin === 0 && expert === null) {
    return checkpoint.readFloat32(tensor);
  }
  const elements = checkpoint.elementsOf(tensor);
  if ("unreadable" in elements) {
    throw new InputError(
      `${checkpoint.source}: tensor '${tensor}' is ${elements.unreadable}. Dequantize the model first.`,
    );
  }
  const { elementBegin, rows, cols } = stored;
  const size = elementBytes[elements.dtype];
  const bytes = checkpoint.readBytes(tensor, elementBegin * size, (elementBegin + rows * cols) * size);
  const values = new Float32Array(rows * cols);
  decodeElements(bytes, elements, values, elementBegin / cols, cols);
  return values;
}

function selected(values: Float32Array, { rows, cols, rowRanges, colRanges }: StoredRegion): Float32Array {
  if (rowRanges === undefined && colRanges === undefined) return values;
  const allRows: readonly Range[] = rowRanges ?? [[0, rows]];
  const allCols: readonly Range[] = colRanges ?? [[0, cols]];
  const length = (ranges: readonly Range[]) => ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);
  const result = new Float32Array(length(allRows) * length(allCols));
  let at = 0;
  for (const [rowBegin, rowEnd] of allRows) {
    for (let row = rowBegin; row < rowEnd; row++) {
      for (const [begin, end] of allCols) {
        result.set(values.subarray(row * cols + begin, row * cols + end), at);
        at += end - begin;
      }
    }
  }
  return result;
}

/** @param values [rows * cols], row-major. @returns [cols * rows] */
function transpose(values: Float32Array, rows: number, cols: number): Float32Array {
  const result = new Float32Array(values.length);
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
