import { describe, expect, it } from "vitest";
import { memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { listMatrices } from "./weight-names.js";

/** Rows x columns of each stack's first expert. */
function shapesOf(tensors: Record<string, number[]>, config: Record<string, unknown> | null): string[] {
  const entries = Object.entries(tensors).map(([name, shape]) => [name, { dtype: "BF16", shape }] as const);
  return listMatrices(memoryCheckpoint(Object.fromEntries(entries), config))
    .filter(({ expert }) => expert === 0)
    .map(({ role, rows, cols, transposed }) => `${role} ${rows}x${cols}${transposed ? " transposed" : ""}`);
}

describe("expertMatrices", () => {
  it("are one for each expert, each where it lies", () => {
    const tensor = { dtype: "F32", shape: [3, 6, 4] };
    const checkpoint = memoryCheckpoint({ "model.layers.5.mlp.experts.gate_up_proj": tensor }, { hidden_size: 4 });
    expect(listMatrices(checkpoint)[2]).toEqual({
      name: "layers.5.mlp.experts.gate_up_proj.2",
      tensor: "model.layers.5.mlp.experts.gate_up_proj",
      layer: 5,
      role: "mlp.experts.gate_up_proj",
      expert: 2,
      part: null,
      rows: 6,
      cols: 4,
      dtype: "F32",
      transposed: false,
      stored: { elementBegin: 48, rows: 6, cols: 4 },
    });
  });

  const up = "model.layers.0.mlp.experts.gate_up_proj";
  const down = "model.layers.0.mlp.experts.down_proj";
  const role = "mlp.experts";

  it.each<[string, Record<string, number[]>, Record<string, unknown> | null, string[]]>([
    ["output x input", { [up]: [2, 12, 8], [down]: [2, 8, 6] }, { hidden_size: 8 }, ["8x6", "12x8"]],
    [
      "input x output",
      { [up]: [2, 8, 12], [down]: [2, 6, 8] },
      { hidden_size: 8 },
      ["8x6 transposed", "12x8 transposed"],
    ],
    [
      "the way of the others where square",
      { [up]: [2, 8, 16], [down]: [2, 8, 8] },
      { hidden_size: 8 },
      ["8x8 transposed", "16x8 transposed"],
    ],
    ["output x input where nothing tells", { [up]: [2, 8, 8], [down]: [2, 8, 8] }, { hidden_size: 8 }, ["8x8", "8x8"]],
    ["output x input without a config", { [up]: [2, 8, 12], [down]: [2, 6, 8] }, null, ["6x8", "8x12"]],
    ["by the text model's config", { [up]: [2, 8, 12] }, { text_config: { hidden_size: 8 } }, ["12x8 transposed"]],
  ])("take a stack as %s", (_, tensors, config, shapes) => {
    const names = shapes.length === 1 ? ["gate_up_proj"] : ["down_proj", "gate_up_proj"];
    expect(shapesOf(tensors, config)).toEqual(shapes.map((shape, i) => `${role}.${names[i]} ${shape}`));
  });

  it("know stacks by other names, and leave convolutions and biases alone", () => {
    const config = { hidden_size: 4 };
    expect(shapesOf({ "model.layers.0.block_sparse_moe.input_linear.weight": [2, 12, 4] }, config)).toEqual([
      "block_sparse_moe.input_linear 12x4",
    ]);
    expect(shapesOf({ "layers.0.mixer.conv1d.weight": [8, 1, 4] }, config)).toEqual([]);
    expect(shapesOf({ "layers.0.mlp.experts.gate_up_proj_bias": [2, 12] }, config)).toEqual([]);
  });
});
