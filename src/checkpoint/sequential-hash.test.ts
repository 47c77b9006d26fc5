import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sequentialHash } from "./sequential-hash.js";

interface Bench {
  readonly hash: ReturnType<typeof sequentialHash>;
  /** What somebody reads for a purpose of their own. */
  readonly read: (file: number, begin: number, end: number) => void;
  /** Bytes that the hash has read by itself. */
  readonly extraBytes: () => number;
}

function bench(contents: readonly Uint8Array[], headBytes = 0): Bench {
  let extra = 0;
  const hash = sequentialHash(
    contents.map((content) => ({
      bytes: content.byteLength,
      head: content.slice(0, headBytes),
      read(begin, end) {
        extra += end - begin;
        return content.slice(begin, end);
      },
    })),
  );
  const read = (file: number, begin: number, end: number) => hash.saw(file, begin, contents[file].slice(begin, end));
  return { hash, read, extraBytes: () => extra };
}

const expected = (contents: readonly Uint8Array[]) =>
  createHash("sha256").update(Buffer.concat(contents)).digest("hex");
const counted = (bytes: number, first = 0) => Uint8Array.from({ length: bytes }, (_, i) => i + first);

describe("sequentialHash", () => {
  const contents = [counted(100), counted(50, 7), counted(0), counted(30, 9)];

  it("reads nothing itself where all is read in order, heads included", () => {
    const { hash, read, extraBytes } = bench(contents, 10);
    read(0, 10, 60);
    read(0, 60, 100);
    read(1, 10, 50);
    read(3, 10, 30);
    expect(hash.finish()).toBe(expected(contents));
    expect(extraBytes()).toBe(0);
  });

  it("reads gaps before the next piece, and the rest at the end", () => {
    const { hash, read, extraBytes } = bench(contents, 10);
    read(0, 30, 40);
    expect(extraBytes()).toBe(20);
    read(1, 20, 50);
    expect(extraBytes()).toBe(20 + 60 + 10);
    expect(hash.finish()).toBe(expected(contents));
    expect(extraBytes()).toBe(20 + 60 + 10 + 20);
  });

  it("takes only what is new of a piece that begins before its position, and nothing of one behind it", () => {
    const { hash, read, extraBytes } = bench(contents);
    read(0, 0, 50);
    read(0, 10, 20);
    read(0, 40, 100);
    read(1, 0, 50);
    read(0, 0, 100);
    read(3, 0, 30);
    expect(hash.finish()).toBe(expected(contents));
    expect(extraBytes()).toBe(0);
    read(3, 0, 30);
    expect(hash.finish()).toBe(expected(contents));
  });

  it("fills gaps larger than one piece of its own reading", () => {
    const large = [new Uint8Array(9_000_001).fill(7)];
    const { hash, read, extraBytes } = bench(large);
    read(0, 9_000_000, 9_000_001);
    expect(hash.finish()).toBe(expected(large));
    expect(extraBytes()).toBe(9_000_000);
  });

  it("of no files is that of nothing", () => {
    expect(sequentialHash([]).finish()).toBe(expected([]));
  });

  it("is that of the files' bytes whatever is read in whatever order, and no byte is read twice by itself", () => {
    const piece = fc.record({ file: fc.nat(2), begin: fc.nat(40), length: fc.nat(40) });
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 3, maxLength: 3 }),
        fc.array(piece, { maxLength: 12 }),
        fc.nat(8),
        (files, pieces, headBytes) => {
          const { hash, read, extraBytes } = bench(files, headBytes);
          for (const { file, begin, length } of pieces) {
            const from = Math.min(begin, files[file].byteLength);
            read(file, from, Math.min(from + length, files[file].byteLength));
          }
          expect(hash.finish()).toBe(expected(files));
          expect(extraBytes()).toBeLessThanOrEqual(Buffer.concat(files).byteLength);
        },
      ),
    );
  });
});
