import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectedGradients, gpt2Fixture, shaped, tinyGpt2 } from "../../test/gpt2-fixture.js";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { nativeEngines } from "../../test/native-engine.js";
import { maximumDifference, relativeDifference } from "../../test/relative-difference.js";
import { type Precision, runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import type { Backend, Buffer } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { gradientName } from "../graph/differentiate.js";
import { gpt2 } from "./gpt2.js";
import { parameterCount } from "./language-model.js";
import { logitsGraph, lossGraph, trainingGraph } from "./model-graph.js";

interface ParameterFixture {
  readonly config: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

const fixtures = new URL("../../test/fixtures/", import.meta.url);
const read = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, fixtures), "utf8"));
const parameterFixtures = read<Record<string, ParameterFixture>>("gpt2-parameters/gpt2-parameters.json");

describe("GPT-2's parameters", () => {
  it.each(Object.entries(parameterFixtures))("have transformers' names, order and shapes (%s head)", (_, fixture) => {
    const { parameters } = gpt2(parseGpt2Config(fixture.config));
    expect(parameters.map(({ name, shape }) => [name, shape])).toEqual(Object.entries(fixture.parameters));
    expect(parameterCount(parameters)).toBe(fixture.count);
  });

  it("are 10,291,456 in eight layers of width 256 with 15,007 words and 512 positions", () => {
    const { config, count } = parameterFixtures.tied;
    const model = gpt2(parseGpt2Config(config));
    expect(parameterCount(model.parameters)).toBe(10_291_456);
    expect(count).toBe(10_291_456);
    expect(model.contextLength).toBe(512);
    expect(model.vocabularySize).toBe(15_007);
  });
});

interface Engine {
  readonly engine: string;
  readonly open: () => Promise<Backend>;
  readonly precision: Precision;
  /** Largest difference of a logit, largest relative difference of a loss and of a gradient from float64 PyTorch. */
  readonly logits: number;
  readonly loss: number;
  readonly gradient: number;
}

const engines: Engine[] = [
  // The gradients of the fixture are rounded to float32, which is 6e-8 at most.
  {
    engine: "the reference",
    open: async () => referenceBackend,
    precision: "float64",
    logits: 1e-9,
    loss: 1e-12,
    gradient: 1e-7,
  },
  {
    engine: "onnxruntime",
    open: () => onnxBackend({ threads: 2 }),
    precision: "float32",
    logits: 1e-5,
    loss: 1e-5,
    gradient: 1e-4,
  },
  ...nativeEngines({
    fp32: { logits: 1e-5, loss: 1e-5, gradient: 1e-5 },
    bf16: { logits: 3e-2, loss: 2e-3, gradient: 2e-2 },
  }),
];

describe.each(engines)("GPT-2 on $engine, against transformers in float64", ({ open, precision, ...tolerance }) => {
  const { config, weights } = tinyGpt2();
  const model = gpt2(config);
  const fixture = gpt2Fixture();

  it("gives its logits", async () => {
    const { rows, length, tokens, positions, float64 } = fixture.logits;
    const inputs = new Map<string, Buffer>([
      ...weights,
      ["tokens", Int32Array.from(tokens)],
      ["positions", Int32Array.from(positions)],
    ]);
    const outputs = await runGraph(await open(), logitsGraph(model, { rows, length }), inputs, { precision });
    expect(maximumDifference(outputs.get("logits")!, float64)).toBeLessThan(tolerance.logits);
  });

  it.each(["plain", "packed"] as const)(
    "gives its loss and the gradient of every parameter (%s batch)",
    async (kind) => {
      const { batch, shape } = shaped(fixture[kind]);
      const names = model.parameters.map(({ name }) => name);
      const graph = trainingGraph(model, shape, names);
      const outputs = await runGraph(await open(), graph, modelInputs(weights, batch), { precision });
      expect(Math.abs(outputs.get("loss")![0] / fixture[kind].loss - 1)).toBeLessThan(tolerance.loss);
      const gradients = expectedGradients(kind);
      expect(new Set(gradients.keys())).toEqual(new Set(names));
      for (const name of names)
        expect(relativeDifference(outputs.get(gradientName(name))!, gradients.get(name)!), name).toBeLessThan(
          tolerance.gradient,
        );
    },
  );
});

describe("GPT-2 with a head of its own", () => {
  const settings = { model_type: "gpt2", n_layer: 1, n_embd: 6, n_head: 2, vocab_size: 13, n_positions: 8 };
  const tied = gpt2(parseGpt2Config(settings));
  const untied = gpt2(parseGpt2Config({ ...settings, tie_word_embeddings: false }));
  const shape = { rows: 2, length: 7, slots: 9, packed: false };

  it("equals the tied one where the head is the embedding; the tied gradient is the sum of both", async () => {
    const weights = drawWeights(tied, 1);
    const batch = drawBatch(tied, shape, 2);
    const [one, two] = [
      await runGraph(
        referenceBackend,
        trainingGraph(tied, shape, ["wte.weight", "wpe.weight"]),
        modelInputs(weights, batch),
      ),
      await runGraph(
        referenceBackend,
        trainingGraph(untied, shape, ["wte.weight", "wpe.weight", "lm_head.weight"]),
        modelInputs(new Map([...weights, ["lm_head.weight", weights.get("wte.weight")!]]), batch),
      ),
    ];
    expect(two.get("loss")![0]).toBe(one.get("loss")![0]);
    expect(two.get(gradientName("wpe.weight"))).toEqual(one.get(gradientName("wpe.weight")));
    const head = two.get(gradientName("lm_head.weight"))!;
    const sum = two.get(gradientName("wte.weight"))!.map((g, i) => g + head[i]);
    expect(relativeDifference(sum, one.get(gradientName("wte.weight"))!)).toBeLessThan(1e-12);
  });

  it("reads what the config says of attention and of its activation", async () => {
    const weights = drawWeights(tied, 1);
    const batch = drawBatch(tied, shape, 2);
    const lossOf = async (changes: object) => {
      const model = gpt2(parseGpt2Config({ ...settings, ...changes }));
      return (await runGraph(referenceBackend, lossGraph(model, shape), modelInputs(weights, batch))).get("loss")![0];
    };
    const losses = await Promise.all(
      [
        {},
        { scale_attn_weights: false },
        { activation_function: "gelu" },
        { layer_norm_epsilon: 0.1 },
        { n_head: 3 },
      ].map(lossOf),
    );
    expect(new Set(losses).size).toBe(5);
  });
});
