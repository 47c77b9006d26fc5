import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { openCheckpoint } from "./checkpoint.js";
import { matchMatrices } from "./match-matrices.js";
import { listMatrices, readMatrix } from "./weight-names.js";

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
// Written by make_stored_elements.py: what the models themselves make of unit vectors.
const responses = JSON.parse(readFileSync(join(fixtures, "parts.json"), "utf8")) as Record<
  string,
  Record<string, { rows: number; cols: number; values: number[] }>
>;

const cases = Object.entries(responses).flatMap(([folder, matrices]) =>
  Object.entries(matrices).map(([name, expected]) => ({ folder, name, expected })),
);

describe("parts and experts are what the model's own code takes them to be", () => {
  it.each(cases)("$folder $name", ({ folder, name, expected }) => {
    const checkpoint = openCheckpoint(join(fixtures, folder));
    const [matrix] = matchMatrices(listMatrices(checkpoint, { parts: true }), name);
    const values = readMatrix(checkpoint, matrix);
    checkpoint.close();
    expect([matrix.rows, matrix.cols]).toEqual([expected.rows, expected.cols]);
    expect(values.length).toBe(expected.values.length);
    const largest = Math.max(...values.map((value, i) => Math.abs(value - expected.values[i])));
    expect(largest).toBeLessThan(1e-6);
  });
});

/** Names of the parts of one tensor, with their ranges. */
function partsOf(name: string, shape: number[], config: Record<string, unknown> | null) {
  const checkpoint = memoryCheckpoint({ [name]: { dtype: "F32", shape } }, config);
  return listMatrices(checkpoint, { parts: true })
    .filter(({ part }) => part !== null)
    .map(({ name: partName, role, rows, stored: { rowRanges, colRanges } }) => ({
      ...{ name: partName, role, rows },
      ...(rowRanges && { rowRanges }),
      ...(colRanges && { colRanges }),
    }));
}

describe("matrixParts", () => {
  it("says which stored columns or rows belong to a part", () => {
    expect(partsOf("h.0.attn.c_attn.weight", [2, 6], { model_type: "gpt2" })).toEqual([
      { name: "h.0.attn.c_attn.q", role: "attn.c_attn.q", rows: 2, colRanges: [[0, 2]] },
      { name: "h.0.attn.c_attn.k", role: "attn.c_attn.k", rows: 2, colRanges: [[2, 4]] },
      { name: "h.0.attn.c_attn.v", role: "attn.c_attn.v", rows: 2, colRanges: [[4, 6]] },
    ]);
    const neox = { model_type: "gpt_neox", num_attention_heads: 2 };
    const [q, k] = partsOf("gpt_neox.layers.3.attention.query_key_value.weight", [12, 4], neox);
    expect(q.rowRanges).toEqual([
      [0, 2],
      [6, 8],
    ]);
    expect(k.rowRanges).toEqual([
      [2, 4],
      [8, 10],
    ]);
  });

  it("finds the head counts of a model that also sees", () => {
    const text = { model_type: "phi3", num_attention_heads: 2, num_key_value_heads: 1 };
    const config = { num_attention_heads: 3, text_config: text };
    const parts = partsOf("language_model.model.layers.0.self_attn.qkv_proj.weight", [8, 4], config);
    expect(parts.map(({ rows }) => rows)).toEqual([4, 2, 2]);
    expect(partsOf("vision_tower.layers.0.self_attn.qkv_proj.weight", [8, 4], config)).toEqual([]);
  });

  it("splits the experts' gates", () => {
    const parts = partsOf("model.layers.0.mlp.experts.gate_up_proj", [2, 6, 4], { hidden_size: 4 });
    expect(parts.map(({ name }) => name)).toEqual(
      [0, 1].flatMap((expert) => ["gate", "up"].map((part) => `layers.0.mlp.experts.gate_up_proj.${expert}.${part}`)),
    );
  });

  it.each<[string, string, number[], Record<string, unknown> | null]>([
    ["no config", "h.0.attention.query_key_value.weight", [12, 4], null],
    ["no head count", "h.0.attention.query_key_value.weight", [12, 4], { model_type: "bloom" }],
    ["an order not known", "h.0.attention.query_key_value.weight", [12, 4], { model_type: "falcon", n_head: 2 }],
    ["CodeGen's order", "h.0.attn.qkv_proj.weight", [12, 4], { model_type: "codegen", n_head: 2 }],
    ["another width", "h.0.attn.c_attn.weight", [8, 4], null],
    ["heads that do not divide it", "layers.0.qkv_proj.weight", [12, 4], { num_attention_heads: 5 }],
    ["interleaved gates", "layers.0.experts.gate_up_proj", [1, 4, 6], { model_type: "gpt_oss", hidden_size: 4 }],
    ["an odd number of units", "layers.0.mlp.gate_up_proj.weight", [5, 4], null],
  ])("gives none for %s", (_, name, shape, config) => expect(partsOf(name, shape, config)).toEqual([]));
});
