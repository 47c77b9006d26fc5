import { describe, expect, it } from "vitest";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { gradientName } from "../graph/differentiate.js";
import { gpt2 } from "./gpt2.js";
import { trainingGraph } from "./model-graph.js";
import { hiddenWidth, withPlantedMatrix } from "./planted-matrix.js";

const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: 1,
  n_embd: 6,
  n_head: 2,
  vocab_size: 13,
  n_positions: 8,
});
const model = gpt2(config);
const shape = { rows: 2, length: 7, slots: 9, packed: true };
const names = model.parameters.map(({ name }) => name);
const inputs = modelInputs(drawWeights(model, 1), drawBatch(model, shape, 2));
const planted = Float64Array.from({ length: 36 }, (_, i) => Math.cos(i));

const run = (gate: number) =>
  runGraph(
    referenceBackend,
    trainingGraph(withPlantedMatrix(model, { name: "planted.weight", gate }), shape, [...names, "planted.weight"]),
    new Map([...inputs, ["planted.weight", planted]]),
  );

describe("a planted matrix", () => {
  it("changes no number of the model behind a gate of zero, and has no gradient", async () => {
    const [bare, dead] = [await runGraph(referenceBackend, trainingGraph(model, shape, names), inputs), await run(0)];
    for (const [name, values] of bare) expect(dead.get(name), name).toEqual(values);
    expect(dead.get(gradientName("planted.weight"))!.every((value) => value === 0)).toBe(true);
  });

  it("has an effect behind an open gate, the larger the wider", async () => {
    const [dead, little, much] = [await run(0), await run(0.01), await run(0.1)];
    const change = (outputs: typeof dead) => Math.abs(outputs.get("loss")![0] - dead.get("loss")![0]);
    expect(change(little)).toBeGreaterThan(0);
    expect(change(much)).toBeGreaterThan(5 * change(little));
    expect(little.get(gradientName("planted.weight"))!.some((value) => value !== 0)).toBe(true);
  });

  it("is as wide as the hidden state, also where the embedding is factored", () => {
    expect(hiddenWidth(gpt2(config, new Map([["wte.weight", 2]])).parameters)).toBe(6);
  });
});
