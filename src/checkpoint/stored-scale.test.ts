import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type MemoryTensor, memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { openCheckpoint } from "./checkpoint.js";
import { readMatrix } from "./matrix-values.js";
import { isScale, storedScale } from "./stored-scale.js";
import { tensorElements, unreadableReason } from "./tensor-elements.js";
import { listMatrices, listSkipped } from "./weight-names.js";

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
// Written by make_stored_elements.py: bits of the float32 numbers that the stored ones stand for.
const expected = JSON.parse(readFileSync(join(fixtures, "quantized.json"), "utf8")) as Record<string, number[]>;
const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

describe("a checkpoint of quantized weights", () => {
  it("lists the weights, and none of the scales", () => {
    const checkpoint = openCheckpoint(join(fixtures, "quantized"));
    const tensors = new Set(listMatrices(checkpoint).map(({ tensor }) => tensor));
    expect([...tensors].sort()).toEqual(Object.keys(expected).sort());
    expect(listSkipped(checkpoint)).toEqual([]);
    checkpoint.close();
  });

  it.each(Object.keys(expected))("gives the numbers of %s that the reference gives", (name) => {
    const checkpoint = openCheckpoint(join(fixtures, "quantized"));
    const found = listMatrices(checkpoint)
      .filter(({ tensor }) => tensor === name)
      .flatMap((matrix) => bits(readMatrix(checkpoint, matrix)));
    checkpoint.close();
    // bitsandbytes rounds the product before it divides: the last bit may differ.
    if (name.includes("int8")) {
      expect(found.length).toBe(expected[name].length);
      for (const [i, value] of found.entries()) expect(Math.abs(value - expected[name][i])).toBeLessThanOrEqual(1);
    } else expect(found).toEqual(expected[name]);
  });

  it("reads the scales of a stack once", () => {
    const checkpoint = openCheckpoint(join(fixtures, "quantized"));
    const name = "layers.0.mlp.experts.down_proj";
    expect(checkpoint.elementsOf(name)).toBe(checkpoint.elementsOf(name));
    expect(structuredClone(checkpoint.elementsOf(name))).toEqual(checkpoint.elementsOf(name));
    checkpoint.close();
  });
});

const f32 = (...shape: number[]): MemoryTensor => ({ dtype: "F32", shape });
const f8 = (...shape: number[]): MemoryTensor => ({ dtype: "F8_E4M3", shape });

function reasonOf(name: string, tensors: Record<string, MemoryTensor>): string | null {
  const checkpoint = memoryCheckpoint(tensors);
  const tensor = checkpoint.tensors.get(name)!;
  const elements = tensorElements(checkpoint, tensor);
  const reason = unreadableReason(checkpoint, tensor);
  expect("unreadable" in elements ? elements.unreadable : null).toBe(reason);
  return reason;
}

describe("unreadableReason", () => {
  it.each<[string, Record<string, MemoryTensor>, RegExp]>([
    ["another type", { "x.weight": { dtype: "F4", shape: [4, 4] } }, /^stored as F4, which is not read$/],
    ["I8 alone", { "x.weight": { dtype: "I8", shape: [4, 4] } }, /^stored as I8 without a scale that the .* names$/],
    [
      "too few scales",
      { "x.weight": f8(300, 300), "x.weight_scale_inv": f32(2, 3) },
      /shape \[2, 3\] .* \[300, 300\]$/,
    ],
    ["scales of a column", { "x.weight": f8(4, 6), "x.weight_scale": f32(6) }, /which do not fit/],
    ["scales of another rank", { "x.weight": f8(4, 6), "x.weight_scale": f32(4, 1, 1) }, /which do not fit/],
    ["equal pieces of rows", { "x.weight": f8(6, 6), "x.weight_scale": f32(2, 3) }, /which do not fit/],
    ["equal pieces of columns, inverse", { "x.weight": f8(4, 6), "x.weight_scale_inv": f32(4, 3) }, /which do not fit/],
    ["groups that are no columns", { "x.weight": f8(4, 6), "x.weight_scale": f32(4, 4) }, /which do not fit/],
    [
      "scales that cannot be read",
      { "x.weight": f8(4, 6), "x.weight_scale": { dtype: "F8_E8M0", shape: [4, 1] } },
      /^stored with scales of F8_E8M0 \('x.weight_scale'\), which are not read$/,
    ],
    [
      "blocks across experts",
      { "x.experts.w": f8(2, 200, 128), "x.experts.w_scale_inv": f32(2, 2, 1) },
      /which do not fit/,
    ],
    [
      "zero points",
      {
        "x.weight": { dtype: "I8", shape: [2, 2] },
        "x.weight_scale": f32(2, 1),
        "x.weight_zero_point": { dtype: "I8", shape: [2, 1], bytes: Uint8Array.of(0, 3) },
      },
      /^stored with zero points, which are not read$/,
    ],
  ])("names %s", (_, tensors, reason) => {
    const [name] = Object.keys(tensors);
    expect(reasonOf(name, tensors)).toMatch(reason);
  });

  it.each<[string, Record<string, MemoryTensor>]>([
    ["F8 without scales", { "x.weight": f8(4, 6) }],
    [
      "zero points of zero",
      {
        "x.weight": { dtype: "I8", shape: [2, 2] },
        "x.weight_scale": f32(2, 1),
        "x.weight_zero_point": { dtype: "I8", shape: [2, 1] },
      },
    ],
  ])("is null for %s", (_, tensors) => expect(reasonOf("x.weight", tensors)).toBeNull());
});

describe("storedScale", () => {
  const layoutOf = (tensors: Record<string, MemoryTensor>, config: Record<string, unknown> | null = null) => {
    const checkpoint = memoryCheckpoint(tensors, config);
    const scale = storedScale(checkpoint, checkpoint.tensors.get(Object.keys(tensors)[0])!);
    return scale === null || "problem" in scale ? scale : [scale.rowBlock, scale.colBlock, scale.blockCols];
  };

  it.each<[string, Record<string, MemoryTensor>, number[]]>([
    ["blocks of 128 by default", { "x.weight": f8(300, 129), "x.weight_scale_inv": f32(3, 2) }, [128, 128, 2]],
    ["one number", { "x.weight": f8(4, 6), "x.weight_scale": f32() }, [4, 6, 1]],
    ["one number of any rank", { "x.weight": f8(4, 6), "x.weight_scale": f32(1, 1) }, [4, 6, 1]],
    ["rows", { "x.weight": f8(4, 6), "x.weight_scale": f32(4) }, [1, 6, 1]],
    ["groups of columns", { "x.weight": f8(4, 6), "x.weight_scale": f32(4, 3) }, [1, 2, 3]],
    ["one number for each expert", { "x.experts.w": f8(3, 4, 6), "x.experts.w_scale": f32(3) }, [4, 6, 1]],
    ["columns of each expert", { "x.experts.w": f8(3, 4, 6), "x.experts.w_scale": f32(3, 1, 6) }, [4, 1, 6]],
    ["rows of each expert", { "x.experts.w": f8(3, 4, 6), "x.experts.w_scale": f32(3, 4) }, [1, 6, 1]],
  ])("knows %s", (_, tensors, layout) => expect(layoutOf(tensors)).toEqual(layout));

  it("takes the blocks' size from the config, and ignores one that is none", () => {
    const tensors = { "x.weight": f8(6, 6), "x.weight_scale_inv": f32(2, 3) };
    const config = (size: unknown) => ({ quantization_config: { weight_block_size: size } });
    expect(layoutOf(tensors, config([4, 2]))).toEqual([4, 2, 3]);
    const large = { "x.weight": f8(300, 129), "x.weight_scale_inv": f32(3, 2) };
    expect(layoutOf(large, config([0, "x"]))).toEqual([128, 128, 2]);
  });

  it("leaves floats alone: there a scale says how to quantize", () => {
    expect(layoutOf({ "x.weight": { dtype: "BF16", shape: [4, 6] }, "x.weight_scale": f32(4, 1) })).toBeNull();
  });
});

it.each([
  ["x.weight_scale", "BF16", true],
  ["x.SCB", "F32", true],
  ["q.scales", "F16", true],
  ["mlp.experts.gate_up_proj_scale", "BF16", true],
  ["anything", "F8_E8M0", true],
  ["r.scales", "F16", false],
  ["logit_scale", "F32", false],
  ["x.weight", "F8_E4M3", false],
])("isScale %s of %s: %s", (name, dtype, expectedAnswer) => {
  const shape = [2, 2];
  const tensors = new Map(
    ["q.qweight", "mlp.experts.gate_up_proj"].map((other) => [other, { name: other, dtype: "I32", shape }]),
  );
  expect(isScale({ name, dtype, shape }, tensors)).toBe(expectedAnswer);
});
