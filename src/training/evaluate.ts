/** @file Held-out loss over a fixed list of batches. Knows nothing of how the weights came to be. */
import type { BatchShape } from "../model/model-graph.js";
import type { TrainingBatch } from "./batch-buffers.js";
import type { Trainer } from "./trainer.js";

/** A batch that says which example each scored slot belongs to; -1 where the slot is unused. */
export interface EvaluationBatch extends TrainingBatch {
  readonly exampleOfSlot: Int32Array;
}

export interface Evaluation {
  /** Mean over all scored tokens, nats per token. */
  readonly loss: number;
  /** Mean over the scored tokens of each example, nats per token. */
  readonly lossPerExample: Float64Array;
}

export async function evaluate(
  trainer: Trainer,
  batches: readonly EvaluationBatch[],
  shape: BatchShape,
  exampleCount: number,
): Promise<Evaluation> {
  const sums = new Float64Array(exampleCount);
  const counts = new Float64Array(exampleCount);
  for (const batch of batches) {
    const losses = await trainer.tokenLosses(batch, shape);
    batch.exampleOfSlot.forEach((example, slot) => {
      if (example < 0) return;
      sums[example] += losses[slot];
      counts[example]++;
    });
  }
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  return { loss: total(sums) / total(counts), lossPerExample: sums.map((sum, example) => sum / counts[example]) };
}
