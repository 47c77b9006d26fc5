import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReadableDtype } from "../foundation/dtype.js";
import { ShapeError } from "../foundation/errors.js";
import { decodeElements, elementBytes, type StoredElements } from "./stored-elements.js";

const allCodes = Uint8Array.from({ length: 256 }, (_, code) => code);
// Written by make_stored_elements.py: torch's numbers; null is NaN.
const float8 = JSON.parse(
  readFileSync(new URL("../../test/fixtures/checkpoint/float8.json", import.meta.url), "utf8"),
) as Record<"F8_E4M3" | "F8_E5M2", (number | string | null)[]>;

const bytesOf = ({ buffer }: { buffer: ArrayBufferLike }) => new Uint8Array(buffer);
const plain = (dtype: ReadableDtype): StoredElements => ({ dtype, scale: null });

describe.each([Float32Array, Float64Array])("decodeElements into %o", (Values) => {
  const decoded = (bytes: Uint8Array, dtype: ReadableDtype) => {
    const into = new Values(bytes.byteLength / elementBytes[dtype]);
    decodeElements(bytes, plain(dtype), into, 0, into.length);
    return [...into];
  };

  it.each(["F8_E4M3", "F8_E5M2"] as const)("gives torch's number for each code of %s", (dtype) => {
    const expected = float8[dtype].map((value) => (value === null ? Number.NaN : Number(value)));
    expect(decoded(allCodes, dtype)).toEqual(expected);
  });

  it("reads I8 as two's complement", () => {
    expect(decoded(allCodes, "I8")).toEqual([...new Int8Array(allCodes.buffer)]);
  });

  it("reads BF16 and F16 wherever they lie in memory, and more than one piece of them", () => {
    const count = 10_001;
    const halves = Uint16Array.from({ length: count }, (_, i) => 0x3c00 + (i % 1024));
    const shifted = new Uint8Array(2 * count + 1);
    shifted.set(bytesOf(halves), 1);
    const f16 = Array.from(halves, (half) => 1 + (half - 0x3c00) / 1024);
    for (const bytes of [bytesOf(halves), shifted.subarray(1), Buffer.from(shifted.buffer, 1, 2 * count)]) {
      expect(decoded(bytes, "F16")).toEqual(f16);
    }
    const brains = Uint16Array.from({ length: count }, (_, i) => 0x3f80 + (i % 128));
    expect(decoded(bytesOf(brains), "BF16")).toEqual(Array.from(brains, (bits) => 1 + (bits - 0x3f80) / 128));
  });

  it("reads F32 and F64 wherever they lie in memory", () => {
    const numbers = [1.5, -2.25, 3e38, Number.NaN, Number.NEGATIVE_INFINITY];
    for (const [dtype, stored] of [
      ["F32", Float32Array.from(numbers)],
      ["F64", Float64Array.from(numbers)],
    ] as const) {
      const shifted = new Uint8Array(stored.byteLength + 3);
      shifted.set(bytesOf(stored), 3);
      const expected = [...Values.from(stored)];
      expect(decoded(bytesOf(stored), dtype)).toEqual(expected);
      expect(decoded(shifted.subarray(3), dtype)).toEqual(expected);
    }
  });
});

describe("decodeElements", () => {
  it("does not narrow F64", () => {
    const stored = Float64Array.of(1 / 3, 1e-300);
    const into = new Float64Array(2);
    decodeElements(bytesOf(stored), plain("F64"), into, 0, 2);
    expect(into).toEqual(stored);
  });

  it("keeps the payload of a NaN", () => {
    const into = new Float32Array(1);
    decodeElements(Uint8Array.of(0x01, 0xff), plain("BF16"), into, 0, 1);
    expect(new Uint32Array(into.buffer)[0]).toBe(0xff010000);
  });

  it("multiplies each element by the scale of its block, from any row on", () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, size, size, size, fc.nat(), (rows, cols, rowBlock, colBlock, seed) => {
        const blockCols = Math.ceil(cols / colBlock);
        const values = Float32Array.from({ length: Math.ceil(rows / rowBlock) * blockCols }, (_, i) => 2 ** (i % 7));
        const elements = structuredClone({ dtype: "I8", scale: { values, rowBlock, colBlock, blockCols } } as const);
        const codes = Uint8Array.from({ length: rows * cols }, (_, i) => (i * 37 + seed) % 251);
        const firstRow = seed % rows;
        const into = new Float32Array((rows - firstRow) * cols);
        decodeElements(codes.subarray(firstRow * cols), elements, into, firstRow, cols);
        for (let row = firstRow; row < rows; row++) {
          for (let col = 0; col < cols; col++) {
            const scale = values[Math.floor(row / rowBlock) * blockCols + Math.floor(col / colBlock)];
            const code = (codes[row * cols + col] << 24) >> 24;
            expect(into[(row - firstRow) * cols + col]).toBe(code * scale);
          }
        }
      }),
    );
  });

  it("refuses another number of bytes, and parts of rows where scales go by rows", () => {
    const into = new Float32Array(3);
    expect(() => decodeElements(new Uint8Array(3), plain("F16"), into, 0, 3)).toThrow(ShapeError);
    const scale = { values: Float32Array.of(1), rowBlock: 9, colBlock: 9, blockCols: 1 };
    expect(() => decodeElements(new Uint8Array(3), { dtype: "I8", scale }, into, 0, 2)).toThrow(/no whole rows of 2/);
    expect(() => decodeElements(new Uint8Array(3), { dtype: "I8", scale }, into, 0, 0)).toThrow(ShapeError);
  });
});
