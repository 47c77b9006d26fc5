import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  dtypeBits,
  float16ToFloat32Bits,
  float32ToBfloat16Bits,
  float32ToFloat16Bits,
  isDtype,
  isFloatDtype,
  isFloatingPoint,
  isReadableDtype,
} from "./dtype.js";

// Written by make_checkpoint.py: torch's own rounding.
const rounding = JSON.parse(
  readFileSync(new URL("../../test/fixtures/checkpoint/rounding.json", import.meta.url), "utf8"),
) as { float32: number[]; float16: number[]; bfloat16: number[] };
const values = new Float32Array(Uint32Array.from(rounding.float32).buffer);

function asFloat32(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}

describe("rounding to 16 bits", () => {
  it("agrees with torch for float16: ties, subnormals, overflow", () => {
    expect(Array.from(values, float32ToFloat16Bits)).toEqual(rounding.float16);
  });

  it("agrees with torch for bfloat16", () => {
    expect(Array.from(values, float32ToBfloat16Bits)).toEqual(rounding.bfloat16);
  });

  it("keeps NaN a NaN, also where its payload lies in the bits cut off", () => {
    for (const bits of [0x7f800001, 0x7fc00000, 0xffffffff, 0xff800001]) {
      expect(asFloat32(float16ToFloat32Bits(float32ToFloat16Bits(asFloat32(bits))))).toBeNaN();
      expect(asFloat32(float32ToBfloat16Bits(asFloat32(bits)) * 0x10000)).toBeNaN();
    }
  });
});

describe("float16ToFloat32Bits", () => {
  it("gives the value that IEEE 754 defines, for every float16", () => {
    for (let half = 0; half < 0x10000; half++) {
      const sign = half & 0x8000 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const fraction = half & 1023;
      let expected = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
      if (exponent === 0) expected = sign * fraction * 2 ** -24;
      if (exponent === 31) expected = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      const found = asFloat32(float16ToFloat32Bits(half));
      if (!Object.is(found, expected)) expect.fail(`${half}: ${found}, expected ${expected}`);
    }
  });
});

describe("dtypes", () => {
  it("knows the names of the format and no property of every object", () => {
    expect(isDtype("BF16")).toBe(true);
    expect(isDtype("toString")).toBe(false);
    expect(isDtype("f32")).toBe(false);
  });

  it("tells readable from packed and from integer types", () => {
    expect([dtypeBits("F4"), dtypeBits("BF16"), dtypeBits("C64")]).toEqual([4, 16, 64]);
    expect([isFloatDtype("F64"), isFloatDtype("F8_E4M3"), isFloatDtype("I32")]).toEqual([true, false, false]);
    expect([isFloatingPoint("F8_E4M3"), isFloatingPoint("BF16"), isFloatingPoint("BOOL")]).toEqual([true, true, false]);
    expect(["F8_E4M3", "F8_E5M2", "I8", "F64", "F4", "U8", "F8_E8M0"].filter(isReadableDtype)).toEqual([
      "F8_E4M3",
      "F8_E5M2",
      "I8",
      "F64",
    ]);
  });
});
