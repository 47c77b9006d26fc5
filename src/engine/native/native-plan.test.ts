import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { architectureFixtures, architectureFolder, shapedPacked } from "../../../test/architecture-fixture.js";
import { drawBatch, drawWeights, modelInputs } from "../../../test/model-numbers.js";
import { interpretedBackend } from "../../../test/native-interpreter.js";
import { anyGraph, anyTrainingGraph, type RandomGraph } from "../../../test/random-graph.js";
import { relativeDifference } from "../../../test/relative-difference.js";
import { runGraph } from "../../../test/run-graph.js";
import { parseGpt2Config } from "../../checkpoint/gpt2-config.js";
import { randomStream } from "../../foundation/random.js";
import { checkpointed, checkpointSegments } from "../../graph/checkpointing.js";
import { cutAt } from "../../graph/cut.js";
import { differentiate } from "../../graph/differentiate.js";
import type { Graph, Value } from "../../graph/graph.js";
import { GraphBuilder } from "../../graph/graph-builder.js";
import { gpt2 } from "../../model/gpt2.js";
import type { LanguageModel } from "../../model/language-model.js";
import { lossGraph, trainingGraph } from "../../model/model-graph.js";
import { openBaseModel } from "../../training/base-model.js";
import { describeBackend } from "../backend.contract.js";
import type { Backend, Buffer, Buffers } from "../backend.js";
import { referenceBackend } from "../reference/reference-backend.js";
import { planNative } from "./native-plan.js";

describeBackend("native plans, interpreted", {
  open: async () => interpretedBackend(),
  precision: "float64",
  tolerance: 1e-12,
  repeats: 2,
});

async function expectAsReference(backend: Backend, graph: Graph, inputs: Buffers, tolerance: number): Promise<void> {
  const expected = await runGraph(referenceBackend, graph, inputs);
  // Values that are multiplied by themselves again and again say nothing.
  fc.pre([...expected.values()].every((values) => values.every((value) => Math.abs(value) < 1e3)));
  const found = await runGraph(backend, graph, inputs);
  for (const [name, values] of expected)
    expect(relativeDifference(found.get(name)!, values), name).toBeLessThan(tolerance);
}

const backends: [string, Backend][] = [
  ["at once", interpretedBackend()],
  ["in the smallest arena", interpretedBackend({ arenaLimitBytes: 0 })],
];

describe.each(backends)("any graph, computed %s, gives what the reference does", (_, backend) => {
  it.each([
    ["forward and backward primitives", anyGraph],
    ["training", anyTrainingGraph],
  ] as [string, fc.Arbitrary<RandomGraph>][])("%s", async (_, graphs) => {
    await fc.assert(
      fc.asyncProperty(graphs, ({ graph, inputs }) => expectAsReference(backend, graph, inputs, 1e-6)),
      { numRuns: 300 },
    );
  });
});

it("the gradient of attention is computed without its forward kernel", async () => {
  const attributes = { rows: 2, length: 3, heads: 2, keyValueHeads: 1, scale: 0.7 };
  const inputs = new Map<string, Buffer>();
  const build = (make: (builder: GraphBuilder, values: Value[]) => void, names: readonly string[]) => {
    const builder = new GraphBuilder();
    make(
      builder,
      names.map((name) => builder.input(name, [6, name === "k" || name === "v" ? 2 : 4])),
    );
    return builder.build();
  };
  const stream = randomStream(3, "attention");
  for (const [name, columns] of [
    ["q", 4],
    ["k", 2],
    ["v", 2],
    ["dout", 4],
  ] as const)
    inputs.set(
      name,
      Float64Array.from({ length: 6 * columns }, () => stream.normal()),
    );
  const forward = build(
    (b, [q, k, v]) => b.output("out", b.causalAttention(q, k, v, null, attributes)),
    ["q", "k", "v"],
  );
  const given = new Map([...inputs].filter(([name]) => name !== "dout"));
  inputs.set("out", (await runGraph(referenceBackend, forward, given)).get("out")!);
  const backward = build(
    (b, values) => {
      b.apply("causalAttentionGrad", attributes, values).forEach((gradient, index) => {
        b.output(`gradient ${index}`, gradient);
      });
    },
    ["q", "k", "v", "out", "dout"],
  );
  await expectAsReference(interpretedBackend(), backward, inputs, 1e-12);
});

interface Sample {
  readonly name: string;
  readonly model: LanguageModel;
  readonly shape: Parameters<typeof trainingGraph>[1];
  readonly inputs: Map<string, Buffer>;
}

const samples: Sample[] = Object.entries(architectureFixtures).map(([name, { packed }]) => {
  const { build, weights } = openBaseModel(architectureFolder(name));
  const { batch, shape } = shapedPacked(packed);
  return { name, model: build(), shape, inputs: modelInputs(weights, batch) };
});
for (const packed of [true, false]) {
  const config = { model_type: "gpt2", n_layer: 4, n_embd: 6, n_head: 2, vocab_size: 13, n_positions: 8 };
  const model = gpt2(parseGpt2Config(config));
  const shape = { rows: 2, length: 5, slots: packed ? 7 : null, packed };
  const inputs = modelInputs(drawWeights(model, 1), drawBatch(model, shape, 2));
  samples.push({ name: `gpt2, ${packed ? "packed" : "plain"}`, model, shape, inputs });
}

describe.each(backends)("a training step, computed %s, gives what the reference does", (_, backend) => {
  it.each(samples)("$name", async ({ model, shape, inputs }) => {
    const names = model.parameters.map(({ name }) => name);
    await expectAsReference(backend, trainingGraph(model, shape, names), inputs, 1e-9);
  });

  it.each(samples)("$name with most of it frozen", async ({ model, shape, inputs }) => {
    const names = model.parameters.map(({ name }) => name);
    const trained = names.filter((name, index) => index > names.length / 3 && index % 3 === 1 && name.includes("."));
    await expectAsReference(backend, trainingGraph(model, shape, trained), inputs, 1e-9);
  });

  it.each(samples)("$name above a cut", async ({ model, shape, inputs }) => {
    const names = model.parameters.map(({ name }) => name);
    const trained = names.filter((name) => /\.1\./.test(name));
    const graph = lossGraph(model, shape);
    const { before, after } = cutAt(
      graph,
      new Set([...trained, ...(graph.inputs.has("scoredRows") ? ["scoredRows"] : [])]),
    );
    const of = ({ inputs: wanted }: Graph) => new Map([...inputs].filter(([name]) => wanted.has(name)));
    await expectAsReference(backend, before, of(before), 1e-9);
    const passing = await runGraph(referenceBackend, before, of(before));
    await expectAsReference(backend, differentiate(after, "loss", trained), new Map([...of(after), ...passing]), 1e-9);
  });
});

describe("a limit of the arena", () => {
  const { model, shape } = samples.find(({ name }) => name === "gpt2, packed")!;
  const graph = trainingGraph(
    model,
    shape,
    model.parameters.map(({ name }) => name),
  );
  const outputs = [...graph.outputs.keys()];
  const plan = (arenaLimitBytes?: number) => planNative(graph, outputs, { precision: "fp32", arenaLimitBytes });
  const most = plan().arena.bytes;
  const least = plan(0).arena.bytes;

  it("changes nothing where it is kept", () => {
    expect(plan(most)).toMatchObject({ arena: { bytes: most }, recomputedSegments: 0 });
    expect(plan(most).print()).not.toContain("again");
  });

  it("is kept by as few segments as can be", () => {
    expect(least).toBeLessThan(0.7 * most);
    const bytes = Array.from(
      { length: checkpointSegments(graph) + 1 },
      (_, segments) => planNative(checkpointed(graph, segments), outputs, { precision: "fp32" }).arena.bytes,
    );
    for (const limit of bytes) {
      const { arena, recomputedSegments } = plan(limit);
      expect(recomputedSegments).toBe(bytes.findIndex((some) => some <= limit));
      expect(arena.bytes).toBe(bytes[recomputedSegments]);
    }
  });

  it("that cannot be kept is missed by as little as can be", () => {
    const { arena, recomputedSegments, print } = plan(least - 1);
    expect(arena.bytes).toBe(least);
    expect(print()).toContain(`, ${recomputedSegments} segments of the forward pass computed again`);
  });

  it("means nothing to a graph without a backward pass", () => {
    const forward = planNative(graph, ["loss"], { precision: "fp32", arenaLimitBytes: 0 });
    expect(forward.recomputedSegments).toBe(0);
  });
});
