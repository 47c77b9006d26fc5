/** @file An open safetensors file: its header, and its tensors as float32. Knows nothing of models. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { type FloatDtype, float16ToFloat32Bits, isFloatDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import { nearNames } from "./near-names.js";
import {
  parseHeader,
  parseHeaderLength,
  prefixBytes,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors-header.js";

export interface SafetensorsFile {
  readonly path: string;
  readonly header: SafetensorsHeader;
  /**
   * @returns the tensor's elements, row-major. F32 bit for bit, F16 and BF16 exactly, F64 rounded to nearest; NaN passes.
   * @throws InputError for an unknown name, another dtype, or a file that has shrunk since it was opened.
   */
  readFloat32(name: string): Float32Array;
  close(): void;
}

// A multiple of every element's width.
const chunkBytes = 1 << 22;
const bigEndian = endianness() === "BE";

/** Opens the file and reads its header only. @throws InputError */
export function openSafetensors(path: string): SafetensorsFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw new InputError(`${path}: cannot be opened (${(error as Error).message}).`);
  }
  try {
    const header = readHeader(descriptor, path);
    return {
      path,
      header,
      readFloat32: (name) => readTensor(descriptor, header, name, path),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

export function unknownTensorMessage(where: string, name: string, known: Iterable<string>): string {
  return `${where}: holds no tensor '${name}'. Nearest names: ${nearNames(name, [...known]).join(", ") || "none"}.`;
}

function readHeader(descriptor: number, path: string): SafetensorsHeader {
  const fileBytes = fstatSync(descriptor).size;
  const prefix = new Uint8Array(Math.min(prefixBytes, fileBytes));
  readExactly(descriptor, prefix, 0, path);
  const json = new Uint8Array(parseHeaderLength(prefix, fileBytes, path));
  readExactly(descriptor, json, prefixBytes, path);
  return parseHeader(json, fileBytes, path);
}

function readTensor(descriptor: number, header: SafetensorsHeader, name: string, path: string): Float32Array {
  const entry = header.tensors.get(name);
  if (entry === undefined) throw new InputError(unknownTensorMessage(path, name, header.tensors.keys()));
  const { dtype } = entry;
  if (!isFloatDtype(dtype)) {
    throw new InputError(
      `${path}: tensor '${name}' has dtype ${dtype}, but only F32, F16, BF16 and F64 can be read. Dequantize the model first.`,
    );
  }
  return readElements(descriptor, entry, dtype, header.dataByteBegin + entry.byteBegin, path);
}

function readElements(
  descriptor: number,
  entry: TensorEntry,
  dtype: FloatDtype,
  fileByteBegin: number,
  path: string,
): Float32Array {
  const bytes = entry.byteEnd - entry.byteBegin;
  if (dtype === "F32") {
    const values = new Float32Array(bytes / 4);
    const raw = Buffer.from(values.buffer);
    readExactly(descriptor, raw, fileByteBegin, path);
    if (bigEndian) raw.swap32();
    return values;
  }
  const elementBytes = dtype === "F64" ? 8 : 2;
  const values = new Float32Array(bytes / elementBytes);
  const chunk = Buffer.from(new ArrayBuffer(Math.min(chunkBytes, bytes)));
  for (let done = 0; done < bytes; ) {
    const part = chunk.subarray(0, Math.min(chunkBytes, bytes - done));
    readExactly(descriptor, part, fileByteBegin + done, path);
    convert(part, dtype, values, done / elementBytes);
    done += part.byteLength;
  }
  return values;
}

/** Widens or narrows one chunk of little-endian elements into `values` from `begin` on; the chunk's bytes may be swapped. */
function convert(chunk: Buffer, dtype: "F16" | "BF16" | "F64", values: Float32Array, begin: number): void {
  if (dtype === "F64") {
    if (bigEndian) chunk.swap64();
    values.set(new Float64Array(chunk.buffer, chunk.byteOffset, chunk.byteLength / 8), begin);
    return;
  }
  if (bigEndian) chunk.swap16();
  const halves = new Uint16Array(chunk.buffer, chunk.byteOffset, chunk.byteLength / 2);
  // By bits, so that the payload of a NaN survives.
  const bits = new Uint32Array(values.buffer, begin * 4, halves.length);
  if (dtype === "BF16") for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  else for (let i = 0; i < halves.length; i++) bits[i] = float16ToFloat32Bits(halves[i]);
}

function readExactly(descriptor: number, target: Uint8Array, fileByteBegin: number, path: string): void {
  // One read call moves at most 2^31 - 1 bytes.
  const most = 1 << 30;
  for (let done = 0; done < target.byteLength; ) {
    let bytes: number;
    try {
      bytes = readSync(descriptor, target, done, Math.min(most, target.byteLength - done), fileByteBegin + done);
    } catch (error) {
      throw new InputError(`${path}: cannot be read (${(error as Error).message}).`);
    }
    if (bytes === 0) {
      throw new InputError(
        `${path}: ends at byte ${fileByteBegin + done}, before its tensors do. Changed since it was opened?`,
      );
    }
    done += bytes;
  }
}
