import { expect, it } from "vitest";
import { greedyDecode } from "../../test/greedy-decoding.js";
import { absence, trainedFolder } from "../../test/trained-fixture.js";
import { sftBatches } from "../data/batch-stream.js";
import { evaluationBatches } from "../data/packing.js";
import type { SftExample } from "../data/sft-example.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { randomStream } from "../foundation/random.js";
import { openBaseModel } from "./base-model.js";
import type { ShapedBatch } from "./batch-buffers.js";
import { sft } from "./sft.js";
import { Trainer } from "./trainer.js";

const name = "nano-gpt-sort";
const reason = absence(name);
const backend = onnxBackend({ threads: 1 });
const digits = 6;

/** All 729 sequences of six digits from 0 to 2; the token of a digit is the digit. */
const sequences = Array.from({ length: 3 ** digits }, (_, index) =>
  Array.from({ length: digits }, (_, place) => Math.floor(index / 3 ** place) % 3),
);
const sorted = (sequence: readonly number[]): number[] => [...sequence].sort((a, b) => a - b);

/** Share of all sequences that the weights sort without a mistake. */
async function accuracy(weights: ReadonlyMap<string, Float32Array>): Promise<number> {
  const model = openBaseModel(trainedFolder(name)).build();
  const decoded = await greedyDecode(await backend, { model, weights }, sequences, digits);
  const right = decoded.filter((found, index) => found.join() === sorted(sequences[index]).join());
  return right.length / sequences.length;
}

/** As the data stage makes them: cut to the model's context of eleven tokens. */
const examples: SftExample[] = sequences.map((sequence) => ({
  tokens: Int32Array.from([...sequence, ...sorted(sequence)].slice(0, 2 * digits - 1)),
  scored: Uint8Array.from({ length: 2 * digits - 1 }, (_, i) => (i >= digits ? 1 : 0)),
}));

function* training(shape: { rows: number; length: number; slots: number }): Generator<readonly ShapedBatch[], never> {
  const batches = sftBatches(examples.slice(128), shape, randomStream(1, "data order"));
  for (;;) yield [{ batch: batches.next().value, shape: { ...shape, packed: true } }];
}

it("the trained model sorts every sequence", async ({ skip }) => {
  skip(reason !== null, reason ?? "");
  expect(await accuracy(openBaseModel(trainedFolder(name)).weights)).toBe(1);
});

it("fifty steps of fine-tuning in full keep the accuracy", async ({ skip }) => {
  skip(reason !== null, reason ?? "");
  const { build, weights } = openBaseModel(trainedFolder(name));
  const shape = { rows: 52, length: 24, slots: 520 };
  const heldOut = examples.slice(0, 128);
  const trainer = new Trainer(await backend, { model: build(), weights });
  try {
    await sft(trainer, {
      batches: training(shape),
      heldOut: evaluationBatches(heldOut, shape),
      heldOutShape: { ...shape, packed: true },
      heldOutExamples: heldOut.length,
      ...{ steps: 50, learningRate: 1e-3, evaluateEvery: 50 },
    });
    expect(trainer.store.weights.get("h.2.mlp.c_proj.weight")).not.toEqual(weights.get("h.2.mlp.c_proj.weight"));
    expect(await accuracy(trainer.store.weights)).toBeGreaterThanOrEqual(0.99);
  } finally {
    await trainer.dispose();
  }
});

/** Every matrix whose name ends so, replaced by random values of its own mean square. */
function withRandom(weights: ReadonlyMap<string, Float32Array>, ending: string): Map<string, Float32Array> {
  const replaced = [...weights].filter(([parameter]) => parameter.endsWith(ending));
  return new Map([
    ...weights,
    ...replaced.map(([parameter, trained]) => {
      const values = new Float32Array(trained.length);
      const meanSquare = trained.reduce((sum, value) => sum + value * value, 0) / trained.length;
      randomStream(1, `random weights of ${parameter}`).fillNormal(values, Math.sqrt(meanSquare));
      return [parameter, values] as const;
    }),
  ]);
}

// Without attention the model says 0 0 1 1 2 2 to nearly everything, which is right for 6! / (2! 2! 2!) = 90 of the 729.
// The last layer's mlp.c_proj alone would not do: with random values in it, the model still sorts 95% and more.
it("the accuracy falls where the attention's output projections are random and nothing is trained", async ({
  skip,
}) => {
  skip(reason !== null, reason ?? "");
  const { weights } = openBaseModel(trainedFolder(name));
  expect(await accuracy(withRandom(weights, "attn.c_proj.weight"))).toBeLessThan(0.5);
});
