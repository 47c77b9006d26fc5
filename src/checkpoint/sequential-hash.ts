/** @file SHA-256 over files, fed by whoever reads them, so that nothing is read twice. Knows nothing of tensors. */
import { createHash } from "node:crypto";

export interface HashedFile {
  readonly bytes: number;
  /** The file's first bytes, which have been read before; may be empty. */
  readonly head: Uint8Array;
  /** Reads some bytes for the hash alone. */
  readonly read: (byteBegin: number, byteEnd: number) => Uint8Array;
}

export interface SequentialHash {
  /** Tells of bytes that have been read. What lies between the last ones and these is read now; what lies before is known already. */
  saw(file: number, byteBegin: number, bytes: Uint8Array): void;
  /** Reads the rest. @returns 64 hexadecimal digits of the files' bytes one after the other. */
  finish(): string;
}

const gapBytes = 1 << 22;
// One update takes at most 2^31 - 1 bytes.
const updateBytes = 1 << 30;

/** @param files in the order in which they are hashed. */
export function sequentialHash(files: readonly HashedFile[]): SequentialHash {
  const hash = createHash("sha256");
  let file = 0;
  let position = 0;
  let digest: string | null = null;
  const take = (bytes: Uint8Array) => {
    for (let begin = 0; begin < bytes.byteLength; begin += updateBytes) {
      hash.update(bytes.subarray(begin, begin + updateBytes));
    }
    position += bytes.byteLength;
  };
  /** Hashes up to a place, or a little beyond it where the place lies in a file's head. */
  const advance = (toFile: number, toByte: number) => {
    for (;;) {
      if (position === 0) take(files[file].head);
      const end = file === toFile ? toByte : files[file].bytes;
      while (position < end) take(files[file].read(position, Math.min(end, position + gapBytes)));
      if (file === toFile) return;
      file++;
      position = 0;
    }
  };
  return {
    saw(ofFile, byteBegin, bytes) {
      const byteEnd = byteBegin + bytes.byteLength;
      if (digest !== null || bytes.byteLength === 0) return;
      if (ofFile < file || (ofFile === file && byteEnd <= position)) return;
      advance(ofFile, byteBegin);
      // A part may have been hashed already.
      if (byteEnd > position) take(bytes.subarray(position - byteBegin));
    },
    finish() {
      if (digest === null) {
        if (files.length > 0) advance(files.length - 1, files[files.length - 1].bytes);
        digest = hash.digest("hex");
      }
      return digest;
    },
  };
}
