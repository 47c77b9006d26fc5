/** @file An open safetensors file: its header, and its tensors as float32. Knows nothing of models. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isFloatDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import { nearNames } from "./near-names.js";
import { parseHeader, parseHeaderLength, prefixBytes, type SafetensorsHeader } from "./safetensors-header.js";
import { decodeElements, elementBytes } from "./stored-elements.js";

export interface SafetensorsFile {
  readonly path: string;
  readonly header: SafetensorsHeader;
  /**
   * @returns the tensor's elements, row-major. F32 bit for bit, F16 and BF16 exactly, F64 rounded to nearest; NaN passes.
   * @param onPiece is told of every piece of the file as it is read; it must not keep the bytes.
   * @throws InputError for an unknown name, another dtype, or a file that has shrunk since it was opened.
   */
  readFloat32(name: string, onPiece?: PieceListener): Float32Array;
  /** The file's size when it was opened. */
  readonly bytes: number;
  /** The file's first bytes, up to the data: the header's length and the header. */
  readonly head: Uint8Array;
  /** @returns bytes of the file, in a buffer of their own. @throws InputError where the file has shrunk. */
  readBytes(byteBegin: number, byteEnd: number, into?: ArrayBuffer): Uint8Array;
  close(): void;
}

/** @param fileByteBegin where the piece lies in the file. */
export type PieceListener = (fileByteBegin: number, bytes: Uint8Array) => void;

// A multiple of every element's width.
const chunkBytes = 1 << 22;

/** Opens the file and reads its header only. @throws InputError */
export function openSafetensors(path: string): SafetensorsFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    throw new InputError(`${path}: cannot be opened (${(error as Error).message}).`);
  }
  try {
    const bytes = fstatSync(descriptor).size;
    const head = readHead(descriptor, bytes, path);
    const header = parseHeader(head.subarray(prefixBytes), bytes, path);
    return {
      path,
      header,
      bytes,
      head,
      readFloat32: (name, onPiece = () => {}) => readTensor(descriptor, header, name, path, onPiece),
      readBytes(byteBegin, byteEnd, into) {
        const length = byteEnd - byteBegin;
        const bytes = new Uint8Array(into?.byteLength === length ? into : new ArrayBuffer(length));
        readExactly(descriptor, bytes, byteBegin, path);
        return bytes;
      },
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

function readHead(descriptor: number, fileBytes: number, path: string): Uint8Array {
  const prefix = new Uint8Array(Math.min(prefixBytes, fileBytes));
  readExactly(descriptor, prefix, 0, path);
  const head = new Uint8Array(prefixBytes + parseHeaderLength(prefix, fileBytes, path));
  head.set(prefix);
  readExactly(descriptor, head.subarray(prefixBytes), prefixBytes, path);
  return head;
}

function readTensor(
  descriptor: number,
  header: SafetensorsHeader,
  name: string,
  path: string,
  onPiece: PieceListener,
): Float32Array {
  const entry = header.tensors.get(name);
  if (entry === undefined) throw new InputError(unknownTensorMessage(path, name, header.tensors.keys()));
  const { dtype } = entry;
  if (!isFloatDtype(dtype)) {
    throw new InputError(
      `${path}: tensor '${name}' has dtype ${dtype}, but only F32, F16, BF16 and F64 can be read. Dequantize the model first.`,
    );
  }
  const begin = header.dataByteBegin + entry.byteBegin;
  const bytes = entry.byteEnd - entry.byteBegin;
  const size = elementBytes[dtype];
  const values = new Float32Array(bytes / size);
  const chunk = new Uint8Array(Math.min(chunkBytes, bytes));
  for (let done = 0; done < bytes; ) {
    const part = chunk.subarray(0, Math.min(chunkBytes, bytes - done));
    readExactly(descriptor, part, begin + done, path);
    onPiece(begin + done, part);
    const into = values.subarray(done / size, (done + part.byteLength) / size);
    decodeElements(part, { dtype, scale: null }, into, 0, into.length);
    done += part.byteLength;
  }
  return values;
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
