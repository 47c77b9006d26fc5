/** @file The same matrix in the checkpoint that a scan compares with. Knows nothing of measures. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { canonicalName } from "../checkpoint/checkpoint-matrix.js";
import type { StoredElements } from "../checkpoint/stored-elements.js";
import { dtypeBits, isDtype } from "../foundation/dtype.js";
import type { ScanUnit } from "./scan-plan.js";

export interface BaseBytes {
  readonly bytes: Uint8Array;
  readonly elements: StoredElements;
}

/** @returns null where the base has no such matrix, one of another shape, or one that cannot be read. */
export type BaseReader = (unit: ScanUnit) => BaseBytes | null;

/** Tensors are the same by name, or by canonical name where one checkpoint has a wrapper prefix. */
export function baseReader(checkpoint: Checkpoint, base: Checkpoint): BaseReader {
  const byCanonical = new Map([...base.tensors.keys()].map((name) => [canonicalName(name), name]));
  return ({ tensor, stored }) => {
    const name = base.tensors.has(tensor) ? tensor : byCanonical.get(canonicalName(tensor));
    if (name === undefined) return null;
    const { dtype, shape } = base.tensors.get(name)!;
    if (shape.join() !== checkpoint.tensors.get(tensor)!.shape.join() || !isDtype(dtype)) return null;
    const elements = base.elementsOf(name);
    if ("unreadable" in elements) return null;
    const size = dtypeBits(dtype) / 8;
    const begin = stored.elementBegin * size;
    return { bytes: base.readBytes(name, begin, begin + stored.rows * stored.cols * size), elements };
  };
}
