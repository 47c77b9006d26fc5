/** @file SHA-256 of bytes and of files. Knows nothing of what they mean. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { InputError } from "./errors.js";

const chunkBytes = 1 << 22;

/** @returns 64 hexadecimal digits. */
export function sha256OfBytes(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @returns SHA-256 over the files' bytes one after the other, as `cat FILES | sha256sum` prints it. @throws InputError */
export function sha256OfFiles(paths: readonly string[]): string {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (const path of paths) {
    try {
      const descriptor = openSync(path, "r");
      try {
        for (;;) {
          const bytes = readSync(descriptor, chunk, 0, chunkBytes, null);
          if (bytes === 0) break;
          hash.update(chunk.subarray(0, bytes));
        }
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw new InputError(`${path}: cannot be read (${(error as Error).message}).`);
    }
  }
  return hash.digest("hex");
}
