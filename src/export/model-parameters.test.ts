import { describe, expect, test } from "vitest";
import { memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { freezing, namedModels, requestFor } from "../../test/named-models.js";

const matrix = { dtype: "F32", shape: [8, 8] };

test("a checkpoint without the wrapper's name gets the names of one with it", () => {
  const names = (checkpoint: (typeof namedModels)["gpt2"]) =>
    requestFor(checkpoint, freezing(["h.11.mlp.c_proj"])).parameters.map(({ name }) => name);
  expect(names(namedModels.bareGpt2)).toEqual(names(namedModels.gpt2));
  expect(names(namedModels.gpt2)).not.toContain("lm_head.weight");
});

describe("is refused", () => {
  test("where the names in the model are unknown", () => {
    const checkpoint = memoryCheckpoint({ "h.0.w.weight": matrix, "h.1.w.weight": matrix });
    expect(() => requestFor(checkpoint, freezing(["h.0.w"]))).toThrow(/there is no config\.json: under which names/);
  });

  test("where only some experts of a stack are frozen", () => {
    const stack = { dtype: "F32", shape: [4, 8, 16] };
    const checkpoint = memoryCheckpoint({
      "model.layers.0.mlp.experts.gate_up_proj": stack,
      "model.embed.weight": matrix,
    });
    const name = (expert: number) => `layers.0.mlp.experts.gate_up_proj.${expert}`;
    expect(() => requestFor(checkpoint, freezing([name(1)]))).toThrow(/freezes 1 of the 4 experts/);
    const { parameters } = requestFor(checkpoint, freezing([0, 1, 2, 3].map(name)));
    expect(parameters.filter(({ frozen }) => frozen).map((parameter) => parameter.name)).toEqual([
      "model.layers.0.mlp.experts.gate_up_proj",
    ]);
  });

  test("where experts are stored apart, which transformers stacks", () => {
    const experts = Object.fromEntries(
      [0, 1].map((expert) => [`model.layers.0.mlp.experts.${expert}.up_proj.weight`, matrix]),
    );
    expect(() => requestFor(memoryCheckpoint(experts), freezing(["layers.0.mlp.experts.0.up_proj"]))).toThrow(
      /stores its experts one tensor each/,
    );
  });
});
