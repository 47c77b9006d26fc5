/** @file Kernel calls as the bytes that the native library reads: `Instruction` of native/deadweight.h. Knows nothing of where memory comes from. */
import { flagBits, formOf, kernelNames } from "./kernel.js";
import type { KernelCall, Operand } from "./schedule.js";

/** Offsets within an instruction; the library is asked whether it agrees on the whole. */
export const instructionBytes = 288;
const sizesAt = 8;
const scalarsAt = 72;
const operandsAt = 96;
const operandBytes = 16;

export interface Location {
  readonly address: bigint;
  /** In elements. */
  readonly stride: number;
}

/** @param locate where an operand lies. @returns the calls one behind the other. */
export function encodeInstructions(calls: readonly KernelCall[], locate: (operand: Operand) => Location): Uint8Array {
  const bytes = new Uint8Array(calls.length * instructionBytes);
  const view = new DataView(bytes.buffer);
  calls.forEach(({ kernel, flags, sizes, scalars, operands }, index) => {
    const start = index * instructionBytes;
    view.setInt32(start, kernelNames.indexOf(kernel), true);
    view.setInt32(start + 4, flagBits(flags), true);
    sizes.forEach((size, i) => {
      view.setBigInt64(start + sizesAt + 8 * i, BigInt(size), true);
    });
    scalars.forEach((scalar, i) => {
      view.setFloat64(start + scalarsAt + 8 * i, scalar, true);
    });
    formOf(kernel).operands.forEach((name, i) => {
      if (!(name in operands)) return;
      const { address, stride } = locate(operands[name]);
      const at = start + operandsAt + operandBytes * i;
      view.setBigUint64(at, address, true);
      view.setBigInt64(at + 8, BigInt(stride), true);
    });
  });
  return bytes;
}
