import { describe, expect, it } from "vitest";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { gradientName } from "../graph/differentiate.js";
import type { Graph } from "../graph/graph.js";
import type { Primitive } from "../graph/primitive.js";
import { gpt2 } from "./gpt2.js";
import { lossGraph, trainingGraph } from "./model-graph.js";

const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: 3,
  n_embd: 6,
  n_head: 2,
  vocab_size: 13,
  n_positions: 8,
});
const model = gpt2(config);
const names = model.parameters.map(({ name }) => name);
const shape = { rows: 2, length: 7, slots: 9, packed: false };

const count = (graph: Graph, primitive: Primitive) => graph.nodes.filter((node) => node.primitive === primitive).length;

describe("the loss graph", () => {
  it.each([
    [
      { rows: 2, length: 7, slots: 9, packed: true },
      ["tokens", "positions", "segments", "scoredRows", "targets", "weights"],
    ],
    [{ rows: 2, length: 7, slots: 9, packed: false }, ["tokens", "positions", "scoredRows", "targets", "weights"]],
    [{ rows: 2, length: 7, slots: null, packed: false }, ["tokens", "positions", "targets", "weights"]],
  ])("of %o takes the inputs of its shape", (given, inputs) => {
    const graph = lossGraph(model, given);
    expect(new Set(graph.inputs.keys())).toEqual(new Set([...names, ...inputs]));
    expect([...graph.outputs.keys()]).toEqual(["loss", "tokenLosses"]);
    expect(graph.outputs.get("tokenLosses")!.shape).toEqual([given.slots ?? 14]);
  });

  it("scores the named rows as it scores all of them", async () => {
    const weights = drawWeights(model, 1);
    const all = drawBatch(model, { ...shape, slots: null }, 2);
    const rows = Int32Array.of(13, 0, 7, 7);
    const some = {
      ...all,
      scoredRows: rows,
      targets: rows.map((row) => all.targets[row]),
      weights: new Float32Array(4),
    };
    some.weights.set([1, 2, 0, 0.5]);
    const every = await runGraph(
      referenceBackend,
      lossGraph(model, { ...shape, slots: null }),
      modelInputs(weights, all),
    );
    const chosen = await runGraph(
      referenceBackend,
      lossGraph(model, { ...shape, slots: 4 }),
      modelInputs(weights, some),
    );
    const expected = [...rows].map((row) => every.get("tokenLosses")![row]);
    expect(relativeDifference(chosen.get("tokenLosses")!, expected)).toBeLessThan(1e-12);
    const sum = expected[0] + 2 * expected[1] + 0.5 * expected[3];
    expect(chosen.get("loss")![0]).toBeCloseTo(sum, 12);
  });

  it("scores packed examples as it scores each in a row of its own", async () => {
    const weights = drawWeights(model, 1);
    const packedShape = { rows: 1, length: 7, slots: null, packed: true };
    const batch = drawBatch(model, packedShape, 3);
    const packed = await runGraph(referenceBackend, lossGraph(model, packedShape), modelInputs(weights, batch));
    const first = batch.segments!.indexOf(1);
    const losses: number[] = [];
    for (const [begin, end] of [
      [0, first],
      [first, 7],
    ]) {
      const part = {
        tokens: batch.tokens.slice(begin, end),
        positions: batch.positions.slice(begin, end),
        targets: batch.targets.slice(begin, end),
        weights: batch.weights.slice(begin, end),
      };
      const partShape = { rows: 1, length: end - begin, slots: null, packed: false };
      const alone = await runGraph(referenceBackend, lossGraph(model, partShape), modelInputs(weights, part));
      losses.push(...alone.get("tokenLosses")!);
    }
    expect(first).toBe(3);
    expect(relativeDifference(packed.get("tokenLosses")!, losses)).toBeLessThan(1e-12);
  });

  it("starts near the logarithm of the vocabulary for weights near zero", async () => {
    const weights = new Map([...drawWeights(model, 1)].map(([name, values]) => [name, values.map((w) => w * 1e-4)]));
    const outputs = await runGraph(
      referenceBackend,
      lossGraph(model, shape),
      modelInputs(weights, drawBatch(model, shape, 4)),
    );
    expect(outputs.get("loss")![0]).toBeCloseTo(Math.log(13), 6);
  });
});

describe("the training graph", () => {
  const frozenTo = (layer: number) => names.filter((name) => /^h\.(\d)/.test(name) && Number(name[2]) >= layer);

  it("has a weight gradient for each trainable matrix", () => {
    const full = trainingGraph(model, shape, names);
    expect(count(full, "linearWeightGrad")).toBe(3 * 4);
    expect(count(full, "causalAttentionGrad")).toBe(3);
    // Token and position table; dx of the first block's input is needed for both.
    expect(count(full, "scatterAddRows")).toBe(2 + 1);
    const withoutProjection = trainingGraph(
      model,
      shape,
      names.filter((name) => name !== "h.1.attn.c_proj.weight"),
    );
    expect(count(withoutProjection, "linearWeightGrad")).toBe(3 * 4 - 1);
    expect(withoutProjection.nodes).toHaveLength(full.nodes.length - 1);
  });

  it("goes no further down than the lowest trainable layer", () => {
    for (const layer of [0, 1, 2]) {
      const graph = trainingGraph(model, shape, frozenTo(layer));
      expect(count(graph, "causalAttentionGrad"), `from layer ${layer}`).toBe(3 - layer);
      expect(count(graph, "geluGrad"), `from layer ${layer}`).toBe(3 - layer);
      expect(count(graph, "linearWeightGrad"), `from layer ${layer}`).toBe(4 * (3 - layer));
    }
    const last = trainingGraph(model, shape, ["h.2.mlp.c_proj.weight"]);
    expect(count(last, "geluGrad")).toBe(0);
    expect(count(last, "causalAttentionGrad")).toBe(0);
    expect(count(last, "layerNormGrad")).toBe(1);
  });

  it("gives the full graph's gradients for what is trainable", async () => {
    const inputs = modelInputs(drawWeights(model, 1), drawBatch(model, shape, 5));
    const full = await runGraph(referenceBackend, trainingGraph(model, shape, names), inputs);
    const trainable = frozenTo(1);
    const part = await runGraph(referenceBackend, trainingGraph(model, shape, trainable), inputs);
    expect(trainable).toHaveLength(24);
    for (const name of trainable) expect(part.get(gradientName(name)), name).toEqual(full.get(gradientName(name)));
  });
});
