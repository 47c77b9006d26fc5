/** @file SHA-256 over files, fed by whoever reads them, so that nothing is read twice. Knows nothing of tensors. */
import { createHash } from "node:crypto";

export interface HashedFile {
  readonly bytes: number;
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

/** @param files in the order in which they are hashed. */
export function sequentialHash(files: readonly HashedFile[]): SequentialHash {
  const hash = createHash("sha256");
  let file = 0;
  let position = 0;
  let digest: string | null = null;
  /** Reads and hashes up to a place. */
  const advance = (toFile: number, toByte: number) => {
    while (file < toFile || (file === toFile && position < toByte)) {
      const end = file === toFile ? toByte : files[file].bytes;
      while (position < end) {
        const next = Math.min(end, position + gapBytes);
        hash.update(files[file].read(position, next));
        position = next;
      }
      if (file === toFile) return;
      file++;
      position = 0;
    }
  };
  return {
    saw(ofFile, byteBegin, bytes) {
      if (digest !== null || ofFile < file || (ofFile === file && byteBegin + bytes.byteLength <= position)) return;
      if (ofFile > file || byteBegin > position) advance(ofFile, byteBegin);
      // A part may have been hashed already.
      hash.update(bytes.subarray(position - byteBegin));
      position = byteBegin + bytes.byteLength;
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
