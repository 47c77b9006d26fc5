/** @file The header of a safetensors file, from untrusted bytes. Knows nothing of descriptors or of tensor values. */
import { type Dtype, dtypeBits, isDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import { duplicateKey } from "./duplicate-key.js";
import { foreignFormat, headerBytesLimit, headerLength } from "./foreign-format.js";
import { jsonExtent } from "./json-extent.js";
import { shownName } from "./shown-name.js";

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Within the data section, which follows the header; half-open. */
  readonly byteBegin: number;
  readonly byteEnd: number;
}

export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data section begins in the file. */
  readonly dataByteBegin: number;
}

// The format nests three levels. Values take far more memory than their text: measured 2026-11 with Node 20, 100 MB of nested
// lists took 5 GB, and 10^7 names more than 100 s. A tensor makes a dozen values, so some 160,000 in one file are let through: an assumption, not studied.
const depthLimit = 8;
const valuesLimit = 2_000_000;

/** Bytes of the little-endian unsigned length that opens the file. */
export const prefixBytes = 8;

/**
 * Reads the claimed length of the header, before any memory is taken for it.
 * @param prefix the file's first bytes, at most 8. @param fileBytes size of the file. @throws InputError
 */
export function parseHeaderLength(prefix: Uint8Array, fileBytes: number, where: string): number {
  if (prefix.byteLength < prefixBytes) {
    throw new InputError(
      `${where}: holds ${fileBytes} bytes, but a safetensors file opens with 8 bytes of header length. Truncated download?`,
    );
  }
  const foreign = foreignFormat(prefix);
  if (foreign !== null) throw new InputError(`${where}: ${foreign}`);
  const headerBytes = headerLength(prefix);
  if (headerBytes > headerBytesLimit) {
    throw new InputError(
      `${where}: claims a header of ${headerBytes} bytes, but at most ${headerBytesLimit} are allowed. Not a safetensors file?`,
    );
  }
  if (prefixBytes + headerBytes > fileBytes) {
    throw new InputError(
      `${where}: claims a header of ${headerBytes} bytes, but only ${fileBytes - prefixBytes} follow. Truncated download?`,
    );
  }
  return headerBytes;
}

/**
 * Validates the header: after it, every tensor lies inside the data, none overlap, and nothing is left over.
 * @param json the header's bytes, without the length before them. @throws InputError
 */
export function parseHeader(json: Uint8Array, fileBytes: number, where: string): SafetensorsHeader {
  const dataByteBegin = prefixBytes + json.byteLength;
  const dataBytes = fileBytes - dataByteBegin;
  const fields = parseObject(json, where);
  const metadata = parseMetadata(fields.get("__metadata__"), where);
  fields.delete("__metadata__");
  const entries = [...fields].map(([name, value]) => parseEntry(name, value, dataBytes, where));
  entries.sort((a, b) => a.byteBegin - b.byteBegin || a.byteEnd - b.byteEnd);
  let lastEnd = 0;
  for (const { name, byteBegin, byteEnd } of entries) {
    if (byteBegin !== lastEnd) {
      const problem =
        byteBegin < lastEnd ? "overlaps the tensor before it, which ends" : "leaves a gap after data ending";
      throw new InputError(
        `${where}: tensor '${shownName(name)}' begins at byte ${byteBegin} and ${problem} at byte ${lastEnd}. Write the file anew.`,
      );
    }
    lastEnd = byteEnd;
  }
  if (lastEnd !== dataBytes) {
    throw new InputError(
      `${where}: the tensors end at byte ${lastEnd} but the data section holds ${dataBytes}. Was something appended?`,
    );
  }
  return { tensors: new Map(entries.map((entry) => [entry.name, entry])), metadata, dataByteBegin };
}

function parseObject(json: Uint8Array, where: string): Map<string, unknown> {
  const { depth, values } = jsonExtent(json);
  if (depth > depthLimit) {
    throw new InputError(
      `${where}: its header is deeply nested (${depth} levels), but three are wanted. Not a safetensors file?`,
    );
  }
  if (values > valuesLimit) {
    throw new InputError(
      `${where}: its header holds some ${values} values, but at most ${valuesLimit} are read. Not the weights of a model?`,
    );
  }
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `${where}: its header is not JSON (${shownName((error as Error).message)}). Not a safetensors file?`,
    );
  }
  if (!isObject(value)) throw new InputError(`${where}: its header is not a JSON object. Not a safetensors file?`);
  const repeated = duplicateKey(text);
  if (repeated !== null) {
    throw new InputError(
      `${where}: its header holds '${shownName(repeated)}' twice. Write the file anew with unique names.`,
    );
  }
  return new Map(Object.entries(value));
}

function parseMetadata(value: unknown, where: string): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!isObject(value))
    throw new InputError(`${where}: __metadata__ is ${show(value)}, but a map of strings is wanted.`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw new InputError(`${where}: __metadata__ '${shownName(key)}' is ${show(text)}, but a string is wanted.`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, dataBytes: number, where: string): TensorEntry {
  const tensor = `${where}: tensor '${shownName(name)}'`;
  if (!isObject(value)) throw new InputError(`${tensor} is ${show(value)}, but an object is wanted.`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isDtype(dtype)) {
    throw new InputError(`${tensor} has dtype ${show(dtype)}, which the format does not know.`);
  }
  if (!isSizes(shape)) {
    throw new InputError(`${tensor} has shape ${show(shape)}, but a list of non-negative integers is wanted.`);
  }
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new InputError(`${tensor} has data_offsets ${show(offsets)}, but [begin, end] with begin <= end is wanted.`);
  }
  const [byteBegin, byteEnd] = offsets;
  if (byteEnd > dataBytes) {
    throw new InputError(
      `${tensor} ends at byte ${byteEnd} but the data section holds ${dataBytes}. Truncated download?`,
    );
  }
  // A product beyond 2^53 is rounded, but then it is far above any file's size and equals none.
  const bytes = shape.reduce((product, size) => product * size, dtypeBits(dtype)) / 8;
  if (bytes !== byteEnd - byteBegin) {
    throw new InputError(
      `${tensor} occupies ${byteEnd - byteBegin} bytes but ${dtype} ${show(shape)} takes ${bytes}. Write the file anew.`,
    );
  }
  // JSON's -0 is a size of zero; the sum makes it a plain one.
  const sizes = Object.freeze(shape.map((size) => size + 0));
  return Object.freeze({ name, dtype, shape: sizes, byteBegin: byteBegin + 0, byteEnd: byteEnd + 0 });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A foreign value, short enough for a message. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return shownName(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
