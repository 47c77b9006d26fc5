import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sha256OfBytes } from "../foundation/sha256.js";
import { type Checkpoint, openCheckpoint } from "./checkpoint.js";
import { writeSafetensors } from "./safetensors-writer.js";

const reads = vi.hoisted(() => ({ bytes: 0 }));
vi.mock("node:fs", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:fs")>();
  const readSync = (...call: Parameters<typeof original.readSync>) => {
    const bytes = original.readSync(...call);
    reads.bytes += bytes;
    return bytes;
  };
  return { ...original, readSync };
});

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
const sharded = join(fixtures, "tiny-gpt2-sharded");
const shards = [1, 2, 3].map((n) => readFileSync(join(sharded, `model-0000${n}-of-00003.safetensors`)));
const allBytes = Buffer.concat(shards).byteLength;
const digest = sha256OfBytes(Buffer.concat(shards));
/** The first 8 bytes of each file are looked at apart, to tell foreign formats. */
const lookedAt = 3 * 8;

let checkpoint: Checkpoint;
beforeEach(() => {
  reads.bytes = 0;
  checkpoint = openCheckpoint(sharded, { hashWhileReading: true });
});
afterEach(() => checkpoint.close());

const tensorBytes = (name: string) => checkpoint.tensors.get(name)!.shape.reduce((a, b) => a * b, 4);

describe("hashing while reading", () => {
  it.each<[string, (name: string) => unknown]>([
    ["readBytes", (name) => checkpoint.readBytes(name, 0, tensorBytes(name))],
    ["readFloat32", (name) => checkpoint.readFloat32(name)],
  ])("reads every byte of the shards once where %s goes in the order of the data", (_, read) => {
    for (const name of checkpoint.dataOrder) read(name);
    expect(reads.bytes).toBe(allBytes + lookedAt);
    expect(checkpoint.sha256()).toBe(digest);
    expect(reads.bytes).toBe(allBytes + lookedAt);
  });

  it("reads gaps and the rest once", () => {
    const [, second, , , fifth] = checkpoint.dataOrder;
    checkpoint.readBytes(second, 4, 12);
    checkpoint.readFloat32(fifth);
    expect(checkpoint.sha256()).toBe(digest);
    expect(reads.bytes).toBe(allBytes + lookedAt);
  });

  it("gives the same digest in any order", () => {
    for (const name of [...checkpoint.dataOrder].reverse()) checkpoint.readFloat32(name);
    for (const name of checkpoint.dataOrder) checkpoint.readFloat32(name);
    expect(checkpoint.sha256()).toBe(digest);
  });

  it("is not begun unless it is asked for", () => {
    const plain = openCheckpoint(sharded);
    reads.bytes = 0;
    const last = plain.dataOrder.at(-1)!;
    plain.readBytes(last, 0, 4);
    expect(reads.bytes).toBe(4);
    expect(plain.sha256()).toBe(digest);
    plain.close();
  });

  it("is done from the files once they are closed", () => {
    checkpoint.readFloat32(checkpoint.dataOrder[0]);
    checkpoint.close();
    expect(checkpoint.sha256()).toBe(digest);
  });
});

it("hashes a file whose tensors are larger than one piece", () => {
  const folder = mkdtempSync(join(tmpdir(), "checkpoint-hash-"));
  const path = join(folder, "large.safetensors");
  const data = Float32Array.from({ length: 2 ** 21 + 3 }, (_, i) => i % 1021);
  writeSafetensors(
    path,
    ["a", "b"].map((name) => ({ name, shape: [data.length], dtype: "F32", data })),
  );
  const large = openCheckpoint(path, { hashWhileReading: true });
  reads.bytes = 0;
  expect(large.readFloat32("b")).toEqual(data);
  expect(large.sha256()).toBe(sha256OfBytes(readFileSync(path)));
  expect(reads.bytes).toBeLessThan(readFileSync(path).byteLength);
  large.close();
  rmSync(folder, { recursive: true });
});
