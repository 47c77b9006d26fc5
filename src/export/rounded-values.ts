/** @file Values as an element type holds them. Knows nothing of files. */
import type { WritableDtype } from "../checkpoint/safetensors-writer.js";
import { float16ToFloat32Bits, float32ToBfloat16Bits, float32ToFloat16Bits } from "../foundation/dtype.js";

/** Relative distance between 1 and the next number. IEEE 754; bfloat16 is the upper half of a binary32. */
export const dtypeEpsilon: Readonly<Record<WritableDtype, number>> = { F32: 2 ** -23, F16: 2 ** -10, BF16: 2 ** -7 };

/** Rounds to nearest, ties to even, in place. @returns `values`. */
export function roundedValues(values: Float32Array, dtype: WritableDtype): Float32Array {
  if (dtype === "F32") return values;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    bits[i] =
      dtype === "F16" ? float16ToFloat32Bits(float32ToFloat16Bits(values[i])) : float32ToBfloat16Bits(values[i]) << 16;
  }
  return values;
}
