/** @file Writes a safetensors file, tensor by tensor. Knows nothing of models. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { endianness } from "node:os";
import { dirname } from "node:path";
import { dtypeBits, float32ToBfloat16Bits, float32ToFloat16Bits } from "../foundation/dtype.js";
import { OutputError, ShapeError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";

export type WritableDtype = "F32" | "F16" | "BF16";

/** The type in which a stored tensor is written: its own, float32 for what cannot be written. */
export const writableDtype = (dtype: string): WritableDtype => (dtype === "F16" || dtype === "BF16" ? dtype : "F32");

export interface WritableTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: WritableDtype;
  /** Row-major. As a function it is asked for when its turn comes, so that one tensor at a time is in memory. */
  readonly data: Float32Array | (() => Float32Array);
}

// The reference implementation's order of the data: wide elements first, so that all are aligned; then by name.
const order: readonly WritableDtype[] = ["F32", "BF16", "F16"];
const chunkElements = 1 << 20;
const bigEndian = endianness() === "BE";

/**
 * Writes under a temporary name, flushes, renames: at `path` stands the old file or the whole new one. Rounds to nearest,
 * ties to even. The same tensors give the same bytes, whatever their order.
 * @throws OutputError where it cannot be written, ShapeError where data and shape differ or a name repeats.
 */
export function writeSafetensors(
  path: string,
  tensors: Iterable<WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const sorted = [...tensors].sort(
    (a, b) => order.indexOf(a.dtype) - order.indexOf(b.dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const header = headerBytes(sorted, metadata);
  const temporary = `${path}.${process.pid}.tmp`;
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      const reason = (error as Error).message;
      throw new OutputError(`${path}: cannot be written (${reason}). Choose a writable folder with free space.`);
    }
  };
  attempt(() => makeFolder(dirname(path)));
  const descriptor = attempt(() => openSync(temporary, "w"));
  try {
    try {
      const write = (bytes: Uint8Array) => attempt(() => writeExactly(descriptor, bytes));
      write(header);
      for (const tensor of sorted) writeTensor(tensor, write);
      attempt(() => fsyncSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
    attempt(() => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function headerBytes(sorted: readonly WritableTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const fields = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) fields.set("__metadata__", metadata);
  let byteBegin = 0;
  for (const { name, dtype, shape } of sorted) {
    if (name === "__metadata__" || fields.has(name)) {
      throw new ShapeError(`tensor '${name}': the name is reserved or used twice in one file.`);
    }
    const byteEnd = byteBegin + (elementCount(shape) * dtypeBits(dtype)) / 8;
    fields.set(name, { dtype, shape, data_offsets: [byteBegin, byteEnd] });
    byteBegin = byteEnd;
  }
  // Not through an object: it would put names that look like integers first.
  const members = [...fields].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = Buffer.from(`{${members.join(",")}}`);
  const paddedBytes = Math.ceil(json.byteLength / 8) * 8;
  const bytes = Buffer.alloc(8 + paddedBytes, " ");
  bytes.writeBigUInt64LE(BigInt(paddedBytes), 0);
  json.copy(bytes, 8);
  return bytes;
}

function writeTensor({ name, shape, dtype, data }: WritableTensor, write: (bytes: Uint8Array) => void): void {
  const values = typeof data === "function" ? data() : data;
  if (values.length !== elementCount(shape)) {
    throw new ShapeError(`tensor '${name}': ${values.length} elements given for shape [${shape.join(", ")}].`);
  }
  for (let begin = 0; begin < values.length; begin += chunkElements) {
    write(encode(values.subarray(begin, begin + chunkElements), dtype));
  }
}

/** @returns the little-endian bytes of the values. */
function encode(values: Float32Array, dtype: WritableDtype): Uint8Array {
  if (dtype === "F32") {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    return bigEndian ? Buffer.from(bytes).swap32() : bytes;
  }
  const round = dtype === "F16" ? float32ToFloat16Bits : float32ToBfloat16Bits;
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = round(values[i]);
  const bytes = Buffer.from(halves.buffer);
  return bigEndian ? bytes.swap16() : bytes;
}

function writeExactly(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(descriptor, bytes, done);
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
