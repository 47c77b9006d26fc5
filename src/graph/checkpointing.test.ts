import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { anyTrainingGraph } from "../../test/random-graph.js";
import { runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { parseLlamaConfig } from "../checkpoint/llama-config.js";
import type { Buffers } from "../engine/backend.js";
import { planNative } from "../engine/native/native-plan.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { gpt2 } from "../model/gpt2.js";
import type { LanguageModel } from "../model/language-model.js";
import { llama } from "../model/llama.js";
import { lossGraph, trainingGraph } from "../model/model-graph.js";
import { checkpointed, checkpointSegments } from "./checkpointing.js";
import { cutAt } from "./cut.js";
import { differentiate } from "./differentiate.js";
import type { Graph } from "./graph.js";
import { GraphBuilder } from "./graph-builder.js";
import type { Primitive } from "./primitive.js";
import { print } from "./print.js";
import { verify } from "./verify.js";

const shape = { rows: 2, length: 8, slots: 9, packed: true };
const models: Readonly<Record<string, LanguageModel>> = {
  gpt2: gpt2(
    parseGpt2Config({ model_type: "gpt2", n_layer: 6, n_embd: 8, n_head: 2, vocab_size: 13, n_positions: 16 }),
  ),
  llama: llama(
    parseLlamaConfig(
      {
        ...{ model_type: "llama", num_hidden_layers: 6, hidden_size: 8, intermediate_size: 24, vocab_size: 13 },
        ...{ num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 16 },
      },
      "config.json",
    ),
  ),
};

const parametersOf = (model: LanguageModel, pattern: RegExp) =>
  model.parameters.map(({ name }) => name).filter((name) => pattern.test(name));

const count = ({ nodes }: Graph, primitive: Primitive) => nodes.filter((node) => node.primitive === primitive).length;

const arenaBytes = (graph: Graph): number =>
  planNative(graph, [...graph.outputs.keys()], { precision: "fp32" }).arena.bytes;

const everyCount = (graph: Graph): number[] => Array.from({ length: checkpointSegments(graph) + 1 }, (_, k) => k);

/** Every output the same to the bit, with any number of segments computed again. */
async function expectSame(graph: Graph, inputs: Buffers): Promise<void> {
  const expected = await runGraph(referenceBackend, graph, inputs);
  for (const segments of everyCount(graph))
    expect(await runGraph(referenceBackend, verify(checkpointed(graph, segments)), inputs)).toEqual(expected);
}

const sets: [string, RegExp][] = [
  ["every parameter", /./],
  ["the upper half", /\.[345]\./],
  ["one matrix of every block", /mlp\.(c_proj|down_proj)\.weight/],
  ["the norms", /norm|ln_/],
  ["the embedding alone", /wte|embed/],
  ["one matrix of the middle", /\.3\.(attn\.c_attn|self_attn\.q_proj)\.weight/],
];

describe.each(Object.keys(models))("a checkpointed %s", (name) => {
  const model = models[name];
  const inputs = modelInputs(drawWeights(model, 1), drawBatch(model, shape, 2));

  it.each(sets)("computes the same to the bit where %s is trained", async (_, pattern) => {
    const trained = parametersOf(model, pattern);
    expect(trained).not.toHaveLength(0);
    await expectSame(trainingGraph(model, shape, trained), inputs);
  });

  it.each(sets)("takes less memory with every segment, down to the least, where %s is trained", (_, pattern) => {
    const graph = trainingGraph(model, shape, parametersOf(model, pattern));
    const bytes = everyCount(graph).map((segments) => arenaBytes(checkpointed(graph, segments)));
    const least = bytes.indexOf(Math.min(...bytes));
    expect(least).toBeGreaterThanOrEqual(bytes.length - 4);
    for (let segments = 1; segments <= least; segments++) expect(bytes[segments]).toBeLessThan(bytes[segments - 1]);
    for (const rest of bytes.slice(least)) expect(rest).toBeLessThan(1.1 * bytes[least]);
    expect(bytes[least]).toBeLessThan(0.5 * bytes[0]);
  });

  it("computes the loss once, and attention at most once more for each block", () => {
    const graph = trainingGraph(model, shape, parametersOf(model, /./));
    for (const segments of everyCount(graph)) {
      const result = checkpointed(graph, segments);
      expect(count(result, "linearCrossEntropy")).toBe(1);
      expect(count(result, "causalAttention")).toBeLessThanOrEqual(12);
    }
    expect(count(checkpointed(graph, checkpointSegments(graph)), "causalAttention")).toBeGreaterThan(9);
  });

  it("never computes a frozen prefix again", () => {
    const graph = trainingGraph(model, shape, parametersOf(model, /\.[345]\./));
    const again = count(checkpointed(graph, checkpointSegments(graph)), "causalAttention") - 6;
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(3);
  });

  it("leaves no kernel of a model unfused", () => {
    const graph = trainingGraph(model, shape, parametersOf(model, /./));
    for (const segments of everyCount(graph)) {
      const result = checkpointed(graph, segments);
      const { calls } = planNative(result, [...result.outputs.keys()], { precision: "fp32" });
      const kernels = new Set<string>(calls.map(({ kernel }) => kernel));
      for (const kernel of ["activation", "activationGrad", "multiply", "scale"]) expect(kernels).not.toContain(kernel);
    }
  });

  it("works on what a cut leaves", async () => {
    const trained = parametersOf(model, /\.[2345]\..*weight$/);
    const { before, after } = cutAt(lossGraph(model, shape), new Set([...trained, "scoredRows"]));
    const below = await runGraph(
      referenceBackend,
      before,
      new Map([...inputs].filter(([key]) => before.inputs.has(key))),
    );
    const graph = differentiate(after, "loss", trained);
    expect(checkpointSegments(graph)).toBeGreaterThan(2);
    await expectSame(graph, new Map([...[...inputs].filter(([key]) => after.inputs.has(key)), ...below]));
    const bytes = everyCount(graph).map((segments) => arenaBytes(checkpointed(graph, segments)));
    expect(Math.min(...bytes)).toBeLessThan(0.6 * bytes[0]);
  });
});

/** Blocks that add to a stream of 2 columns what they make of 8. */
function blocks(blockCount: number, { isOutput = false } = {}): Graph {
  const builder = new GraphBuilder();
  let x = builder.input("x", [3, 2]);
  const names: string[] = [];
  const matrix = (name: string, size: readonly number[]) => {
    names.push(name);
    return builder.input(name, size);
  };
  for (let block = 1; block <= blockCount; block++) {
    const inner = builder.silu(builder.linear(x, matrix(`up ${block}`, [2, 8]), null, "inputOutput"));
    if (isOutput) builder.output(`inner ${block}`, inner);
    x = builder.add(x, builder.linear(inner, matrix(`down ${block}`, [8, 2]), null, "inputOutput"));
  }
  const data = [builder.input("targets", [3], "int"), builder.input("weights", [3])] as const;
  const [loss] = builder.linearCrossEntropy(x, builder.input("head", [5, 2]), ...data, "outputInput");
  builder.output("loss", loss);
  return differentiate(builder.build(), "loss", names);
}

it("makes again what is read, and right before it is", () => {
  const lines = print(checkpointed(blocks(2), 1)).split("\n");
  const begin = lines.findIndex((line) => line.startsWith("%25"));
  // Of the first block, %2 and %3 have 8 columns and are made again as %31 and %32; the stream %6 is kept for %25.
  expect(lines.slice(begin, begin + 8)).toEqual([
    "%25:[2x8] = linearWeightGrad{layout=inputOutput}(%6, %23)",
    "%31:[3x8] = linear{layout=inputOutput}(%0, %1)",
    "%32:[3x8] = silu(%31)",
    "%26:[3x2] = add(%19, %24)",
    "%27:[3x8] = linearInputGrad{layout=inputOutput}(%26, %4)",
    "%28:[8x2] = linearWeightGrad{layout=inputOutput}(%32, %26)",
    "%29:[3x8] = siluGrad(%31, %27)",
    "%30:[2x8] = linearWeightGrad{layout=inputOutput}(%0, %29)",
  ]);
});

it("does not make again what the caller keeps", () => {
  const [inside, outside] = [blocks(30), blocks(30, { isOutput: true })];
  expect(count(checkpointed(inside, 1), "silu")).toBeGreaterThan(30);
  expect(checkpointSegments(outside)).toBeLessThan(30);
  for (const segments of everyCount(outside)) expect(count(checkpointed(outside, segments), "silu")).toBe(30);
});

it("is the graph itself without segments, or without a backward pass", () => {
  const graph = trainingGraph(models.gpt2, shape, parametersOf(models.gpt2, /./));
  expect(checkpointed(graph, 0)).toBe(graph);
  const forward = lossGraph(models.gpt2, shape);
  expect(checkpointSegments(forward)).toBe(0);
  expect(checkpointed(forward, 3)).toBe(forward);
});

it("computes the same to the bit for any graph", async () => {
  await fc.assert(fc.asyncProperty(anyTrainingGraph, ({ graph, inputs }) => expectSame(graph, inputs)));
});
