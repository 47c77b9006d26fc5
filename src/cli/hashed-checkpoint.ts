/** @file The SHA-256 of an open checkpoint, with progress. Knows nothing of what it is for. */
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { dtypeBits, isDtype } from "../foundation/dtype.js";
import { InterruptedError } from "../foundation/errors.js";
import type { SourceOptions } from "./local-sources.js";

const pieceBytes = 1 << 25;
/** Shorter reading shows no progress. */
const quietMs = 2000;

/** Of a type that is not known none: the hash reads those bytes at its end. */
function storedBytes({ tensors }: Checkpoint, name: string): number {
  const { dtype, shape } = tensors.get(name)!;
  return isDtype(dtype) ? (shape.reduce((product, size) => product * size, 1) * dtypeBits(dtype)) / 8 : 0;
}

/** @param checkpoint opened with `hashWhileReading`. @throws InputError, InterruptedError */
export async function hashedWithProgress(checkpoint: Checkpoint, { progress, signal }: SourceOptions): Promise<string> {
  const bytesOf = (name: string) => storedBytes(checkpoint, name);
  const begin = performance.now();
  const names = checkpoint.dataOrder;
  const total = names.reduce((sum, name) => sum + bytesOf(name), 0);
  let done = 0;
  for (const name of names) {
    const end = bytesOf(name);
    for (let at = 0; at < end; at += pieceBytes) {
      const next = Math.min(end, at + pieceBytes);
      checkpoint.readBytes(name, at, next);
      done += next - at;
      // Lets an interrupt through.
      await setImmediate();
      if (signal.aborted) throw new InterruptedError(`${checkpoint.source}: stopped before anything was written.`);
      if (performance.now() - begin > quietMs) progress.update({ stage: "hash", fraction: done / total, detail: name });
    }
  }
  progress.end();
  return checkpoint.sha256();
}
