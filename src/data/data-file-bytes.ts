/** @file The bytes of a local data file, whole or in part, unpacked where they are gzipped. Knows nothing of formats. */
import { constants } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { InputError } from "../foundation/errors.js";
import { shownText } from "./shown-text.js";

/** 4 GiB: what one buffer can hold in Node 20, and beyond what the rows of it would leave of a usual heap. */
export const mostDataBytes = Math.min(2 ** 32, constants.MAX_LENGTH);

export interface OpenDataFile {
  readonly bytes: number;
  /** @returns the bytes in a buffer of their own. @throws InputError where the file has shrunk or cannot be read. */
  read(byteBegin: number, byteEnd: number): Uint8Array<ArrayBuffer>;
}

/** Opens the file for as long as `use` runs. @throws InputError for a file that is absent, unreadable or empty. */
export async function withDataFile<T>(path: string, use: (file: OpenDataFile) => T | Promise<T>): Promise<T> {
  const descriptor = attempt(path, "cannot be opened", () => openSync(path, "r"));
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) throw new InputError(`${path}: is empty (0 bytes). Interrupted download?`);
    return await use({ bytes: size, read: (begin, end) => readExactly(descriptor, begin, end, path) });
  } finally {
    closeSync(descriptor);
  }
}

/** @throws InputError for more than `mostBytes`, before memory is taken. */
export function readDataBytes(path: string, mostBytes: number): Promise<Uint8Array> {
  return withDataFile(path, (file) => {
    if (file.bytes > mostBytes) throw new InputError(`${path}: ${tooLarge(`holds ${file.bytes} bytes`, mostBytes)}`);
    return file.read(0, file.bytes);
  });
}

/** @throws InputError for bytes that are not gzip, are cut off, or unpack to more than `mostBytes`. */
export function unpackGzip(packed: Uint8Array, path: string, mostBytes: number): Uint8Array {
  try {
    return gunzipSync(packed, { maxOutputLength: mostBytes });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw new InputError(`${path}: ${tooLarge("unpacks to more", mostBytes)}`);
    throw new InputError(`${path}: cannot be unpacked as gzip (${shownText(message)}). Truncated download?`);
  }
}

export function tooLarge(found: string, mostBytes: number): string {
  return `${found}, but at most ${mostBytes} bytes are read from one file. Split it, or take a part of its rows.`;
}

function readExactly(descriptor: number, byteBegin: number, byteEnd: number, path: string): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(byteEnd - byteBegin);
  // One read call moves at most 2^31 - 1 bytes.
  const most = 1 << 30;
  for (let done = 0; done < target.byteLength; ) {
    const length = Math.min(most, target.byteLength - done);
    const bytes = attempt(path, "cannot be read", () => readSync(descriptor, target, done, length, byteBegin + done));
    if (bytes === 0) throw new InputError(`${path}: ends at byte ${byteBegin + done}. Changed since it was opened?`);
    done += bytes;
  }
  return target;
}

function attempt<T>(path: string, failure: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new InputError(`${path}: does not exist.`);
    throw new InputError(`${path}: ${failure} (${(error as Error).message}).`);
  }
}
