/** @file The values of one matrix, read at once. Knows nothing of which tensor is which weight. */
import { isFloatDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import type { Checkpoint } from "./checkpoint.js";
import type { CheckpointMatrix } from "./checkpoint-matrix.js";
import { regionValues, transposedValues } from "./region-values.js";
import { decodeElements, elementBytes } from "./stored-elements.js";

/** @returns [rows * cols], row-major, output x input whatever the storage order, scales applied. @throws InputError */
export function readMatrix(checkpoint: Checkpoint, matrix: CheckpointMatrix): Float32Array {
  const { rows, cols, transposed, stored } = matrix;
  const { values } = regionValues(readRegion(checkpoint, matrix), stored);
  return transposed ? transposedValues(values, cols, rows) : values;
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
