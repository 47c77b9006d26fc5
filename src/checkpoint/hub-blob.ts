/** @file The download of one file: resumed after a cut, checked by size and digest, renamed when whole. Knows nothing of models. */
import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InputError } from "../foundation/errors.js";
import { makeFolder } from "../foundation/make-folder.js";
import { cannotWrite, writing } from "./hub-cache.js";
import { type Fetch, UnreachableError } from "./hub-fetch.js";
import type { ListedFile } from "./hub-listing.js";

export interface BlobRequest {
  readonly url: string;
  readonly file: ListedFile;
  /** Where the whole file is put; a temporary one lies beside it. */
  readonly target: string;
  readonly fetch: Fetch;
  /** What an error while the body arrives means. */
  readonly failure: (error: unknown) => Error;
  /** Bytes of this file so far. */
  readonly onBytes: (bytes: number) => void;
}

// Assumptions, not studied: a cut that comes after this many new bytes is a new cut.
const attempts = 5;
const progressBytes = 1 << 20;
const firstWaitMs = 100;

/**
 * The library's own download is not used: it writes to standard output, checks no size, and hides an error of the body.
 * @throws InputError, OutputError, InterruptedError
 */
export async function downloadBlob(request: BlobRequest): Promise<void> {
  const { file, target } = request;
  const temporary = `${target}.${process.pid}.incomplete`;
  const descriptor = writing(target, () => {
    makeFolder(dirname(target));
    return openSync(temporary, "w");
  });
  let isWhole = false;
  try {
    const partial = { descriptor, bytes: 0, hash: newHash(file) };
    let failures = 0;
    let bytesAtFailure = 0;
    for (;;) {
      try {
        await receive(request, partial);
        break;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        if (partial.bytes >= bytesAtFailure + progressBytes) failures = 0;
        bytesAtFailure = partial.bytes;
        if (++failures >= attempts) throw error;
        await wait(firstWaitMs * 2 ** (failures - 1));
      }
    }
    if (partial.hash.digest("hex") !== file.digest) {
      throw new InputError(
        `${request.url}: what was downloaded does not have the digest that the hub lists. Try again.`,
      );
    }
    // A rename may reach the disk before the content does.
    writing(target, () => fsyncSync(descriptor));
    isWhole = true;
  } finally {
    closeSync(descriptor);
    if (!isWhole) rmSync(temporary, { force: true });
  }
  writing(target, () => renameSync(temporary, target));
}

interface Partial {
  readonly descriptor: number;
  bytes: number;
  hash: Hash;
}

/** Git names a blob by the hash of its length and its content. */
function newHash({ digest, bytes }: ListedFile): Hash {
  return digest.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
}

/** Takes the rest of the file. @throws UnreachableError where it ends early. */
async function receive({ url, file, target, fetch, failure, onBytes }: BlobRequest, partial: Partial): Promise<void> {
  const range: Record<string, string> = partial.bytes > 0 ? { range: `bytes=${partial.bytes}-` } : {};
  const response = await fetch(url, { headers: { "accept-encoding": "identity", ...range } });
  const resumes = response.headers.get("content-range")?.startsWith(`bytes ${partial.bytes}-`) === true;
  if (partial.bytes > 0 && !(response.status === 206 && resumes)) {
    writing(target, () => ftruncateSync(partial.descriptor, 0));
    partial.bytes = 0;
    partial.hash = newHash(file);
  }
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read().catch((error: unknown) => {
      throw failure(error);
    });
    if (part === undefined || part.done) break;
    const chunk: Uint8Array = part.value;
    if (partial.bytes + chunk.byteLength > file.bytes) {
      await reader?.cancel().catch(() => {});
      throw new InputError(`${url}: sends more than the ${file.bytes} bytes that the hub lists. Try again.`);
    }
    try {
      writeFully(partial.descriptor, chunk, partial.bytes);
    } catch (error) {
      await reader?.cancel().catch(() => {});
      throw cannotWrite(target, error);
    }
    partial.hash.update(chunk);
    partial.bytes += chunk.byteLength;
    onBytes(partial.bytes);
  }
  if (partial.bytes < file.bytes) {
    throw new UnreachableError(`${url} was cut off after ${partial.bytes} of ${file.bytes} bytes`);
  }
}

function writeFully(descriptor: number, bytes: Uint8Array, fileByteBegin: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    done += writeSync(descriptor, bytes, done, bytes.byteLength - done, fileByteBegin + done);
  }
}
