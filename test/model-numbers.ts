/** @file Random weights and batches for a language model under test. */
import type { Buffer } from "../src/engine/backend.js";
import { randomStream } from "../src/foundation/random.js";
import { elementCount } from "../src/graph/graph.js";
import type { LanguageModel } from "../src/model/language-model.js";
import type { BatchShape } from "../src/model/model-graph.js";
import type { TrainingBatch } from "../src/training/batch-buffers.js";

/** Matrices of standard deviation 0.3, norm scales around 1: every part of the model matters. Rounded to float32. */
export function drawWeights({ parameters }: LanguageModel, seed: number): Map<string, Float32Array> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const stream = randomStream(seed, `weights ${name}`);
      const mean = /ln_\w+\.weight$/.test(name) ? 1 : 0;
      return [name, Float32Array.from({ length: elementCount(shape) }, () => mean + 0.3 * stream.normal())];
    }),
  );
}

/** A batch of random tokens; packed rows hold two examples each. Weights sum to 1, some of them 0. */
export function drawBatch(model: LanguageModel, shape: BatchShape, seed: number): TrainingBatch {
  const { rows, length, slots, packed } = shape;
  const stream = randomStream(seed, "batch");
  const count = rows * length;
  const scored = slots ?? count;
  const token = () => stream.integer(model.vocabularySize);
  const split = (position: number) => (position % length >= Math.ceil(length / 3) ? 1 : 0);
  const weights = Float32Array.from({ length: scored }, (_, slot) => (slot % 5 === 4 ? 0 : 1 + (slot % 3)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    tokens: Int32Array.from({ length: count }, token),
    positions: Int32Array.from({ length: count }, (_, i) =>
      packed && split(i) ? (i % length) - Math.ceil(length / 3) : i % length,
    ),
    ...(packed ? { segments: Int32Array.from({ length: count }, (_, i) => split(i)) } : {}),
    ...(slots === null ? {} : { scoredRows: Int32Array.from(stream.permutation(count).subarray(0, slots)) }),
    targets: Int32Array.from({ length: scored }, token),
    weights: weights.map((weight) => weight / total),
  };
}

/** A batch and weights as the inputs of a model's graph. */
export function modelInputs(weights: ReadonlyMap<string, Buffer>, batch: TrainingBatch): Map<string, Buffer> {
  return new Map<string, Buffer>([...weights, ...Object.entries(batch)]);
}
