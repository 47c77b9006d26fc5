/** @file Stored elements as numbers: every readable type, with its scale. Knows nothing of files or names. */
import { endianness } from "node:os";
import { float8E4M3, float8E5M2, float16ToFloat32Bits, type ReadableDtype } from "../foundation/dtype.js";
import { ShapeError } from "../foundation/errors.js";

/** Element (r, c) of the stored matrix is multiplied by values[floor(r / rowBlock) * blockCols + floor(c / colBlock)]. */
export interface StoredScale {
  readonly values: Float32Array;
  readonly rowBlock: number;
  readonly colBlock: number;
  readonly blockCols: number;
}

/** Plain data: it may travel to a worker. */
export interface StoredElements {
  readonly dtype: ReadableDtype;
  readonly scale: StoredScale | null;
}

const bigEndian = endianness() === "BE";
export const elementBytes: Readonly<Record<ReadableDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
};

const tables = new Map<ReadableDtype, Uint32Array>();

/** Bits of the float32 for each code, so that the payload of a NaN survives; made when first wanted. */
function tableOf(dtype: "F16" | "F8_E4M3" | "F8_E5M2" | "I8"): Uint32Array {
  const known = tables.get(dtype);
  if (known !== undefined) return known;
  const table = new Uint32Array(dtype === "F16" ? 65_536 : 256);
  const floats = new Float32Array(table.buffer);
  for (let code = 0; code < table.length; code++) {
    if (dtype === "F16") table[code] = float16ToFloat32Bits(code);
    else if (dtype === "I8") floats[code] = (code << 24) >> 24;
    else floats[code] = dtype === "F8_E4M3" ? float8E4M3(code) : float8E5M2(code);
  }
  tables.set(dtype, table);
  return table;
}

/**
 * @param bytes little-endian, whole stored rows from `firstRow` on. They may be overwritten on a big-endian machine.
 * @param into as many elements; F64 is rounded to nearest where it is float32. @param cols of a stored row; matters to the scale only.
 * @throws ShapeError for another number of elements, or no whole rows where there is a scale.
 */
export function decodeElements(
  bytes: Uint8Array,
  { dtype, scale }: StoredElements,
  into: Float32Array | Float64Array,
  firstRow: number,
  cols: number,
): void {
  if (bytes.byteLength !== into.length * elementBytes[dtype]) {
    throw new ShapeError(`elements: ${bytes.byteLength} bytes are no ${into.length} elements of ${dtype}.`);
  }
  decodeUnscaled(bytes, dtype, into);
  if (scale === null) return;
  if (!(cols > 0 && into.length % cols === 0)) {
    throw new ShapeError(`elements: ${into.length} are no whole rows of ${cols}, but scales go by rows.`);
  }
  const { values, rowBlock, colBlock, blockCols } = scale;
  for (let begin = 0, row = firstRow; begin < into.length; begin += cols, row++) {
    let block = Math.floor(row / rowBlock) * blockCols;
    for (let colBegin = 0; colBegin < cols; colBegin += colBlock, block++) {
      const end = begin + Math.min(cols, colBegin + colBlock);
      const factor = values[block];
      for (let i = begin + colBegin; i < end; i++) into[i] *= factor;
    }
  }
}

function decodeUnscaled(bytes: Uint8Array, dtype: ReadableDtype, into: Float32Array | Float64Array): void {
  const size = elementBytes[dtype];
  // A Buffer's own slice() would not copy.
  const aligned = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset } = aligned;
  if (bigEndian) swapBytes(aligned, size);
  switch (dtype) {
    case "F64":
      into.set(new Float64Array(buffer, byteOffset, into.length));
      return;
    case "F32":
      into.set(new Float32Array(buffer, byteOffset, into.length));
      return;
    case "BF16": {
      const halves = new Uint16Array(buffer, byteOffset, into.length);
      eachBits(into, (bits, begin) => {
        for (let i = 0; i < bits.length; i++) bits[i] = halves[begin + i] << 16;
      });
      return;
    }
    case "F16":
    case "F8_E4M3":
    case "F8_E5M2":
    case "I8": {
      const table = tableOf(dtype);
      const codes = size === 2 ? new Uint16Array(buffer, byteOffset, into.length) : aligned;
      eachBits(into, (bits, begin) => {
        for (let i = 0; i < bits.length; i++) bits[i] = table[codes[begin + i]];
      });
      return;
    }
    default:
      dtype satisfies never;
  }
}

function swapBytes({ buffer, byteOffset, byteLength }: Uint8Array, size: number): void {
  const words = Buffer.from(buffer, byteOffset, byteLength);
  if (size === 2) words.swap16();
  if (size === 4) words.swap32();
  if (size === 8) words.swap64();
}

const scratch = new Float32Array(4096);

/** Lets `fill` write the bits of float32 numbers: in place, or piece by piece on the way into doubles. */
function eachBits(into: Float32Array | Float64Array, fill: (bits: Uint32Array, begin: number) => void): void {
  if (into instanceof Float32Array) {
    fill(new Uint32Array(into.buffer, into.byteOffset, into.length), 0);
    return;
  }
  for (let begin = 0; begin < into.length; begin += scratch.length) {
    const piece = scratch.subarray(0, Math.min(scratch.length, into.length - begin));
    fill(new Uint32Array(piece.buffer, piece.byteOffset, piece.length), begin);
    into.set(piece, begin);
  }
}
