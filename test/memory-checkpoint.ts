/** @file A checkpoint that lies in memory: tensors of the given shapes and bytes, without a file. */
import type { Checkpoint } from "../src/checkpoint/checkpoint.js";
import { decodeElements, elementBytes } from "../src/checkpoint/stored-elements.js";
import { storedScale } from "../src/checkpoint/stored-scale.js";
import { isReadableDtype } from "../src/foundation/dtype.js";
import { ShapeError } from "../src/foundation/errors.js";

export interface MemoryTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Little-endian elements; zeros where absent. */
  readonly bytes?: Uint8Array;
}

export const float32Tensor = (shape: readonly number[], values: readonly number[]): MemoryTensor => ({
  dtype: "F32",
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});

export function memoryCheckpoint(
  tensors: Readonly<Record<string, MemoryTensor>>,
  config: Record<string, unknown> | null = null,
): Checkpoint {
  const bytesOf = (name: string) => {
    const { dtype, shape, bytes } = tensors[name];
    if (!isReadableDtype(dtype)) throw new ShapeError(`${name}: is of dtype ${dtype}.`);
    return bytes ?? new Uint8Array(shape.reduce((a, b) => a * b, 1) * elementBytes[dtype]);
  };
  const checkpoint: Checkpoint = {
    source: "memory",
    config,
    tensors: new Map(Object.entries(tensors).map(([name, { dtype, shape }]) => [name, { name, dtype, shape }])),
    dataOrder: Object.keys(tensors),
    readFloat32(name) {
      const { dtype, shape } = tensors[name];
      if (!isReadableDtype(dtype)) throw new ShapeError(`${name}: is of dtype ${dtype}.`);
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
      decodeElements(bytesOf(name).slice(), { dtype, scale: null }, values, 0, shape.at(-1) ?? 1);
      return values;
    },
    readBytes: (name, begin, end) => bytesOf(name).slice(begin, end),
    elementsOf(name) {
      const tensor = { name, ...tensors[name] };
      if (!isReadableDtype(tensor.dtype)) return { unreadable: `stored as ${tensor.dtype}, which is not read` };
      const scale = storedScale(checkpoint, tensor);
      if (scale !== null && "problem" in scale) return { unreadable: scale.problem };
      if (tensor.dtype === "I8" && scale === null)
        return { unreadable: "stored as I8 without a scale that the checkpoint names" };
      return { dtype: tensor.dtype, scale };
    },
    sha256: () => "0".repeat(64),
    close: () => {},
  };
  return checkpoint;
}
