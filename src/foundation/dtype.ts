/** @file Element types of stored tensors and their conversion to and from float32. Knows nothing of files. */

/** Bits of one element, by the names that the safetensors format uses. */
const bitsPerElement = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  U16: 16,
  I16: 16,
  U32: 32,
  I32: 32,
  U64: 64,
  I64: 64,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F16: 16,
  BF16: 16,
  F32: 32,
  F64: 64,
  C64: 64,
} as const;

export type Dtype = keyof typeof bitsPerElement;
/** The element types whose values can be read; I8 only with a scale. */
export type ReadableDtype = FloatDtype | "F8_E4M3" | "F8_E5M2" | "I8";
/** The element types that are numbers by themselves and written by this project. */
export type FloatDtype = "F64" | "F32" | "F16" | "BF16";

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(bitsPerElement, name);
}

export function isFloatDtype(name: string): name is FloatDtype {
  return name === "F64" || name === "F32" || name === "F16" || name === "BF16";
}

export function isReadableDtype(name: string): name is ReadableDtype {
  return isFloatDtype(name) || name === "F8_E4M3" || name === "F8_E5M2" || name === "I8";
}

/** Whether elements are numbers with a fraction, packed 4-, 6- and 8-bit floats included. */
export function isFloatingPoint(dtype: Dtype): boolean {
  return dtype.startsWith("F") || dtype === "BF16";
}

export function dtypeBits(dtype: Dtype): number {
  return bitsPerElement[dtype];
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** @param half the 16 bits of an IEEE 754 binary16. @returns the 32 bits of the same number as binary32, exactly. */
export function float16ToFloat32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // A subnormal half is a normal single: shift its leading one into the hidden place.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}

/** @returns the 16 bits of the nearest binary16, ties to even; beyond 65,519.99 infinity; NaN stays NaN. */
export function float32ToFloat16Bits(value: number): number {
  single[0] = value;
  const bits = singleBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // A multiple of 2^-24 below 2^-14. Adding 0.5, whose unit in the last place is 2^-24, rounds to it.
  single[0] = Math.abs(value) + 0.5;
  return sign | (singleBits[0] - 0x3f000000);
}

/** @returns the 16 bits of the nearest bfloat16, ties to even; NaN stays NaN. */
export function float32ToBfloat16Bits(value: number): number {
  single[0] = value;
  const bits = singleBits[0];
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/**
 * @param bits of an F8_E4M3 (the `fn` variant: no infinities, NaN at 0x7f and 0xff, at most 448). @returns the same number.
 * Micikevicius et al., FP8 Formats for Deep Learning (2022)
 */
export function float8E4M3(bits: number): number {
  const exponent = (bits >>> 3) & 0xf;
  const fraction = bits & 7;
  const sign = bits & 0x80 ? -1 : 1;
  if (exponent === 0xf && fraction === 7) return Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -9 : (8 + fraction) * 2 ** (exponent - 10));
}

/** @param bits of an F8_E5M2, the upper half of a binary16. */
export function float8E5M2(bits: number): number {
  singleBits[0] = float16ToFloat32Bits(bits << 8);
  return single[0];
}
