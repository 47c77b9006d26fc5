/** @file All values of one tensor, as it is stored. Knows nothing of what the tensor is. */
import { isFloatDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import type { Checkpoint } from "./checkpoint.js";
import { decodeElements } from "./stored-elements.js";
import type { StoredTensor } from "./stored-tensor.js";

/** @returns its elements, row-major, in the storage order, scales applied. @throws InputError where they cannot be read. */
export function storedValues(checkpoint: Checkpoint, { name, dtype, shape }: StoredTensor): Float32Array {
  // In pieces, which takes less memory.
  if (isFloatDtype(dtype)) return checkpoint.readFloat32(name);
  const elements = checkpoint.elementsOf(name);
  if ("unreadable" in elements)
    throw new InputError(
      `${checkpoint.source}: tensor '${name}' is ${elements.unreadable}. Dequantize the model first.`,
    );
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  // Everything else that can be read has elements of one byte.
  const bytes = checkpoint.readBytes(name, 0, values.length);
  decodeElements(bytes, elements, values, 0, shape.at(-1) ?? 1);
  return values;
}
