/** @file Supervised fine-tuning: steps over a stream of batches, with the held-out loss along the way. Knows no arms and no files. */
import { setImmediate } from "node:timers/promises";
import { DivergedError, InterruptedError } from "../foundation/errors.js";
import type { BatchShape } from "../model/model-graph.js";
import type { ShapedBatch } from "./batch-buffers.js";
import { type EvaluationBatch, evaluate } from "./evaluate.js";
import { cosineLearningRate } from "./schedule.js";
import type { Trainer } from "./trainer.js";

export interface SftOptions {
  /** Each step's batch, in the parts that are computed at once. */
  readonly batches: Iterator<readonly ShapedBatch[], never>;
  readonly heldOut: readonly EvaluationBatch[];
  readonly heldOutShape: BatchShape;
  readonly heldOutExamples: number;
  /** Held-out loss at step 0, nats per token, where it is known already. */
  readonly heldOutLossBefore?: number | undefined;
  readonly steps: number;
  /** Peak of the schedule: 10% linear warm-up, then a cosine to zero. */
  readonly learningRate: number;
  readonly evaluateEvery: number;
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void;
  readonly signal?: AbortSignal;
}

export interface SftResult {
  /** [step, held-out loss], steps 0 and the last included. */
  readonly curve: readonly (readonly [number, number])[];
  readonly trainLossFirst: number;
  readonly trainLossLast: number;
  readonly heldOutLossPerExample: Float64Array;
}

/** @throws DivergedError where a loss is not finite, InterruptedError on abort. */
export async function sft(trainer: Trainer, options: SftOptions): Promise<SftResult> {
  const { batches, heldOut, heldOutShape, heldOutExamples, heldOutLossBefore } = options;
  const { steps, learningRate, evaluateEvery, onProgress, signal } = options;
  const curve: [number, number][] = [];
  let perExample: Float64Array = new Float64Array(0);
  const measure = async (step: number) => {
    const { loss, lossPerExample } = await evaluate(trainer, heldOut, heldOutShape, heldOutExamples);
    if (!Number.isFinite(loss)) throw new DivergedError(`The held-out loss became ${loss} at step ${step}.`, step);
    curve.push([step, loss]);
    perExample = lossPerExample;
  };
  if (heldOutLossBefore === undefined) await measure(0);
  else curve.push([0, heldOutLossBefore]);
  const schedule = { peak: learningRate, steps, warmup: Math.max(1, Math.round(steps / 10)) };
  const trainLosses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    // Lets messages in: a run of the graph blocks this thread.
    await setImmediate();
    if (signal?.aborted) throw new InterruptedError("Stopped.");
    const { loss } = await trainer.accumulatedStep(batches.next().value, step, cosineLearningRate(schedule, step - 1));
    trainLosses.push(loss);
    onProgress?.({ step, loss });
    if (step % evaluateEvery === 0 || step === steps) await measure(step);
  }
  return {
    curve,
    trainLossFirst: trainLosses[0] ?? Number.NaN,
    trainLossLast: trainLosses.at(-1) ?? Number.NaN,
    heldOutLossPerExample: perExample,
  };
}
