import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeInstructions, instructionBytes } from "./instruction.js";
import { type Activation, flagBits, kernelForms, kernelNames } from "./kernel.js";
import type { KernelCall, Operand } from "./schedule.js";

const header = readFileSync(new URL("../../../native/deadweight.h", import.meta.url), "utf8");

/** The names of the enumeration that holds a name, in order. */
function enumeration(holding: string): string[] {
  const found = [...header.matchAll(/enum \{([^}]*)\}/g)].find(([, body]) => body.includes(holding))!;
  return [...found[1].matchAll(/\b([a-zA-Z]\w*)\b(?=\s*[,=\n}]|$)/g)].map(([, name]) => name);
}

/** The number that the header gives a name. */
const numberOf = (name: string): number => Number(new RegExp(`\\b${name} = (\\d+)`).exec(header)![1]);

const value = (id: number): Operand => ({ id, shape: [2, 3], type: "float" });
const call = (parts: Partial<KernelCall>): KernelCall => ({
  ...{ kernel: "copy", flags: {}, sizes: [], scalars: [], operands: {} },
  ...parts,
});
const location = (operand: Operand) =>
  "constant" in operand
    ? { address: 7n, stride: 0 }
    : { address: 0x1234_5678_9abcn + BigInt(operand.id), stride: 10 * operand.id };

describe("an instruction", () => {
  it("is as long as the header's", () => {
    const [operands, sizes, scalars] = ["operandCount", "sizeCount", "scalarCount"].map(numberOf);
    expect(instructionBytes).toBe(4 + 4 + 8 * sizes + 8 * scalars + 16 * operands);
    for (const { operands: names } of Object.values(kernelForms)) expect(names.length).toBeLessThanOrEqual(operands);
  });

  it("numbers kernels as the header does", () => {
    const inHeader = enumeration("kernelMatrixProduct").map((name) =>
      name.replace(/^kernel(.)/, (_, c) => c.toLowerCase()),
    );
    expect(inHeader).toEqual([...kernelNames, "count"]);
  });

  it("has the header's flags", () => {
    const flags = { aTransposed: true, bTransposed: true, bfloat16: true, centred: true } as const;
    for (const name of Object.keys(flags)) {
      const inHeader = numberOf(`flag${name[0].toUpperCase()}${name.slice(1)}`);
      expect(flagBits({ [name]: true })).toBe(inHeader);
    }
    const activations = /typedef enum \{([^}]*)\} Activation/
      .exec(header)![1]
      .split(",")
      .map((name) => name.trim());
    activations.slice(1).forEach((name, index) => {
      const activation = name.replace(/^activation(.)/, (_, c) => c.toLowerCase()) as Activation;
      expect(flagBits({ activation }) >> numberOf("activationShift")).toBe(index + 1);
    });
    expect(flagBits(flags)).toBe(15);
  });

  it("holds kernel, flags, sizes, scalars and operands where the structure has them", () => {
    const calls = [
      call({ kernel: "fill", sizes: [1, 2 ** 40], scalars: [-0.5], operands: { out: value(3) } }),
      call({
        ...{ kernel: "matrixProduct", flags: { bTransposed: true, activation: "silu" }, sizes: [5, 6, 7] },
        ...{
          scalars: [1.5],
          operands: { a: value(1), b: { constant: new Float32Array(4), stride: 4 }, gate: value(2) },
        },
      }),
    ];
    const bytes = encodeInstructions(calls, location);
    expect(bytes.length).toBe(2 * instructionBytes);
    const view = new DataView(bytes.buffer);
    const operand = (start: number, index: number) => [
      view.getBigUint64(start + 96 + 16 * index, true),
      view.getBigInt64(start + 104 + 16 * index, true),
    ];
    expect(view.getInt32(0, true)).toBe(kernelNames.indexOf("fill"));
    expect([8, 16, 24].map((at) => view.getBigInt64(at, true))).toEqual([1n, 2n ** 40n, 0n]);
    expect(view.getFloat64(72, true)).toBe(-0.5);
    expect(operand(0, 0)).toEqual([0x1234_5678_9abfn, 30n]);
    const start = instructionBytes;
    expect(view.getInt32(start, true)).toBe(0);
    expect(view.getInt32(start + 4, true)).toBe(2 + (3 << 8));
    expect([8, 16, 24, 32].map((at) => view.getBigInt64(start + at, true))).toEqual([5n, 6n, 7n, 0n]);
    expect(view.getFloat64(start + 72, true)).toBe(1.5);
    // A, B, C, bias, residual, activated, gate: null where there is none.
    expect(Array.from({ length: 8 }, (_, index) => operand(start, index))).toEqual([
      [0x1234_5678_9abdn, 10n],
      [7n, 0n],
      ...new Array(4).fill([0n, 0n]),
      [0x1234_5678_9aben, 20n],
      [0n, 0n],
    ]);
  });
});
