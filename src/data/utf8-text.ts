/** @file Bytes that must be UTF-8: their check, and their text. Knows nothing of formats. */
import { constants, isUtf8 } from "node:buffer";
import { InputError } from "../foundation/errors.js";

const newline = 0x0a;

/** V8's limit in UTF-16 units; text in UTF-8 never has fewer bytes than that. */
export const mostTextBytes = constants.MAX_STRING_LENGTH;

export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** @param bytes of a whole file. @param name the file's base name. @throws InputError with the line and the file's byte. */
export function checkUtf8(bytes: Uint8Array, name: string): void {
  if (isUtf8(bytes)) return;
  let line = 1;
  // No byte of a longer character equals a newline, so that each line can be judged alone.
  for (let begin = 0; ; line++) {
    const found = bytes.indexOf(newline, begin);
    const end = found < 0 ? bytes.byteLength : found;
    const content = bytes.subarray(begin, end);
    if (!isUtf8(content) || found < 0) {
      const offset = begin + firstInvalid(content);
      const shown = bytes[offset].toString(16).padStart(2, "0");
      throw new InputError(
        `${name}:${line}: byte ${offset} of the file (0x${shown}) is not valid UTF-8. Save the file as UTF-8.`,
      );
    }
    begin = end + 1;
  }
}

/** @param bytes checked to be UTF-8, at most `mostTextBytes`. */
export function decodeUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

/** The first byte that cannot continue the text before it, or the last one where the text ends within a character. */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.byteLength + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (beginsUtf8(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  return Math.min(valid, bytes.byteLength - 1);
}

function beginsUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
