/** @file A checkpoint that lies in memory: tensors of the given shapes and bytes, without a file. */
import type { Checkpoint } from "../src/checkpoint/checkpoint.js";
import { decodeElements, elementBytes } from "../src/checkpoint/stored-elements.js";
import { tensorElements } from "../src/checkpoint/tensor-elements.js";
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
    elementsOf: (name) => tensorElements(checkpoint, { name, ...tensors[name] }),
    sha256: () => "0".repeat(64),
    close: () => {},
  };
  return checkpoint;
}
