import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { architectureFolder } from "../../test/architecture-fixture.js";
import { tinyGpt2 } from "../../test/gpt2-fixture.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { sftBatches } from "../data/batch-stream.js";
import { microBatches } from "../data/micro-batches.js";
import { evaluationBatches } from "../data/packing.js";
import type { SftExample } from "../data/sft-example.js";
import type { Backend } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { randomStream } from "../foundation/random.js";
import { gpt2 } from "../model/gpt2.js";
import type { LanguageModel } from "../model/language-model.js";
import { openBaseModel } from "./base-model.js";
import { evaluate } from "./evaluate.js";
import { leadingGroups } from "./freezing-group.js";
import { bytesPerPosition, placementsOf, prefixCut } from "./prefix-activations.js";
import { Trainer } from "./trainer.js";

let backend: Backend;
beforeAll(async () => {
  backend = await onnxBackend({ threads: 1 });
});
const open: Trainer[] = [];
afterAll(async () => {
  for (const each of open) await each.dispose();
});

interface Case {
  readonly model: LanguageModel;
  readonly weights: ReadonlyMap<string, Float32Array>;
}
const architectureCase = (name: string): Case => {
  const base = openBaseModel(architectureFolder(name));
  return { model: base.build(), weights: base.weights };
};
const tiny = tinyGpt2();
const cases: Readonly<Record<string, Case>> = {
  "GPT-2": { model: gpt2(tiny.config), weights: tiny.weights },
  Llama: architectureCase("llama"),
  // Norms of the heads: what passes is shaped by head and position.
  Qwen3: architectureCase("qwen3"),
  "GPT-NeoX": architectureCase("gpt-neox"),
};

function examples(count: number, vocabulary: number, name: string): SftExample[] {
  const chance = randomStream(2, name);
  return Array.from({ length: count }, () => {
    const size = 2 + chance.integer(10);
    const prompt = 1 + chance.integer(size - 1);
    return {
      tokens: Int32Array.from({ length: size }, () => chance.integer(vocabulary)),
      scored: Uint8Array.from({ length: size }, (_, i) => (i >= prompt ? 1 : 0)),
    };
  });
}

const shape = { rows: 5, length: 13, slots: 37 };

/** Names of what is frozen, as a function of the model. */
const freezes: Readonly<Record<string, (model: LanguageModel) => ReadonlySet<string>>> = {
  embeddings: ({ parameters }) => new Set(leadingGroups(parameters)[0].names),
  "embeddings and a block": ({ parameters }) =>
    new Set(
      leadingGroups(parameters)
        .slice(0, 2)
        .flatMap(({ names }) => names),
    ),
  // Then the residual stream and what is attended to pass, and more.
  "embeddings, a block and parts of the next": ({ parameters }) => {
    const [embeddings, first, second] = leadingGroups(parameters);
    const attention = second.names.filter((name) => /ln_1|c_attn|q_|k_|query|input_layernorm/.test(name));
    return new Set([...embeddings.names, ...first.names, ...attention]);
  },
  "all but the last norm": ({ parameters }) => new Set(leadingGroups(parameters).flatMap(({ names }) => names)),
};

describe.each(Object.entries(cases))("kept activations of %s", (_, { model, weights }) => {
  const training = examples(17, model.vocabularySize, "training");
  const heldOut = examples(11, model.vocabularySize, "held-out");

  it.each(Object.entries(freezes))("train as the whole graph does: %s", async (__, freeze) => {
    const frozen = freeze(model);
    const isTrainable = (name: string) => !frozen.has(name);
    const trainers = [undefined, training].map(
      (keptFor) => new Trainer(backend, { model, weights, isTrainable, keptFor }),
    );
    // The graph in which nothing is frozen: the same gradients.
    const full = new Trainer(backend, { model, weights });
    open.push(...trainers, full);
    const streams = [...trainers, full].map(() => sftBatches(training, shape, randomStream(1, "order")));
    const parts = streams.map(
      (stream) => () =>
        microBatches(stream.next().value, shape, 2).map((part) => ({
          batch: part.batch,
          shape: { ...part.shape, packed: true },
        })),
    );
    // Five examples to a batch, more or less: two epochs and more.
    for (let step = 1; step <= 9; step++) {
      full.restart(trainers[0].store.weights);
      await full.accumulatedStep(parts[2](), 1, 0);
      const [without, kept] = [
        await trainers[0].accumulatedStep(parts[0](), step, 1e-3),
        await trainers[1].accumulatedStep(parts[1](), step, 1e-3),
      ];
      expect(Math.abs(kept.loss / without.loss - 1)).toBeLessThan(1e-5);
      for (const [name, gradient] of trainers[1].store.gradients) {
        // A key bias's true gradient is zero.
        if (/c_attn\.bias|k_proj\.bias|query_key_value\.bias/.test(name)) continue;
        const expected = trainers[0].store.gradients.get(name)!;
        expect(relativeDifference(expected, full.store.gradients.get(name)!), name).toBeLessThan(1e-5);
        // Their weights differ by rounding after the first step, and so do their gradients.
        expect(relativeDifference(gradient, expected), name).toBeLessThan(step === 1 ? 1e-5 : 1e-3);
      }
    }
    const batches = evaluationBatches(heldOut, shape);
    for (let time = 0; time < 2; time++) {
      const [expected, found] = [
        await evaluate(trainers[0], batches, { ...shape, packed: true }, heldOut.length),
        await evaluate(trainers[1], batches, { ...shape, packed: true }, heldOut.length),
      ];
      expect(relativeDifference(found.lossPerExample, expected.lossPerExample)).toBeLessThan(1e-5);
    }
  });

  it("pass the residual stream alone where whole blocks are frozen", () => {
    const frozen = freezes["embeddings and a block"](model);
    const trainable = model.parameters.map(({ name }) => name).filter((name) => !frozen.has(name));
    const width = hiddenWidth(model);
    expect(bytesPerPosition(model, trainable)).toBe(4 * width);
    const { before } = prefixCut(model, { ...shape, packed: true }, trainable);
    expect([...before.outputs.values()].map((value) => value.shape)).toEqual([[65, width]]);
  });
});

function hiddenWidth({ parameters }: LanguageModel): number {
  return parameters[0].shape[1];
}

describe("placements", () => {
  it("are where the examples' tokens are, twice where one is in a batch twice", () => {
    const training = examples(3, 1000, "few");
    const stream = sftBatches(training, { rows: 3, length: 12, slots: 30 }, randomStream(1, "order"));
    for (let n = 0; n < 5; n++) {
      const batch = stream.next().value;
      const placements = placementsOf(batch, training);
      for (const { example, at } of placements) {
        const { tokens } = training[example];
        expect(batch.tokens.subarray(at, at + tokens.length)).toEqual(tokens);
        expect(batch.positions[at]).toBe(0);
      }
      const used = batch.segments.filter((segment) => segment > 0).length;
      expect(placements.reduce((sum, { example }) => sum + training[example].tokens.length, 0)).toBe(used);
      expect(new Set(placements.map(({ at }) => at)).size).toBe(placements.length);
    }
  });
});
