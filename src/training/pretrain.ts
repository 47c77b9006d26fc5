/** @file Training from the initialiser on plain text, resumable at any step. Knows no corpus and no architecture. */
import { setImmediate } from "node:timers/promises";
import { InterruptedError } from "../foundation/errors.js";
import type { BatchShape } from "../model/model-graph.js";
import type { TrainingBatch } from "./batch-buffers.js";
import { cosineLearningRate } from "./schedule.js";
import type { Trainer } from "./trainer.js";
import { loadTrainingState, saveTrainingState, type TrainingProgress } from "./training-state.js";

export interface PretrainOptions {
  readonly shape: BatchShape;
  /** The batch of a step: a pure function, so that resuming needs no more than the step. */
  readonly batchAt: (step: number) => TrainingBatch;
  readonly heldOut: readonly TrainingBatch[];
  readonly steps: number;
  readonly learningRate: number;
  readonly warmup: number;
  /** Steps between measurements of the held-out loss. */
  readonly evaluateEvery: number;
  readonly statePath: string;
  /** Of the whole configuration; guards against continuing another training. */
  readonly identity: string;
  readonly saveEveryMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onProgress?: (progress: {
    readonly step: number;
    readonly loss: number;
    readonly heldOutLoss: number | null;
  }) => void;
  readonly signal?: AbortSignal;
}

/** Share of the peak at the end of the cosine. */
const finalLearningRate = 0.1;

async function heldOutLoss(trainer: Trainer, batches: readonly TrainingBatch[], shape: BatchShape): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const batch of batches)
    for (const loss of await trainer.tokenLosses(batch, shape)) {
      sum += loss;
      count++;
    }
  return sum / count;
}

/** @throws DivergedError, InterruptedError (the state is saved first), OutputError. */
export async function pretrain(trainer: Trainer, options: PretrainOptions): Promise<TrainingProgress> {
  const { shape, batchAt, heldOut, steps, learningRate, warmup, evaluateEvery } = options;
  const { statePath, identity, saveEveryMs, now, onProgress, signal } = options;
  const saved = loadTrainingState(statePath, trainer.store, identity);
  const trainCurve = [...(saved?.trainCurve ?? [])];
  const heldOutCurve = [...(saved?.heldOutCurve ?? [])];
  let step = saved?.step ?? 0;
  let pendingLosses = [...(saved?.pendingLosses ?? [])];
  const begin = now();
  const progress = (): TrainingProgress => ({
    step,
    seconds: (saved?.seconds ?? 0) + (now() - begin) / 1000,
    trainCurve,
    heldOutCurve,
    pendingLosses,
  });
  const schedule = { peak: learningRate, steps, warmup, floor: finalLearningRate };
  let lastSave = begin;
  const measure = async () => {
    if (pendingLosses.length > 0)
      trainCurve.push([step, pendingLosses.reduce((sum, loss) => sum + loss, 0) / pendingLosses.length]);
    pendingLosses = [];
    heldOutCurve.push([step, await heldOutLoss(trainer, heldOut, shape)]);
  };
  const save = () => {
    saveTrainingState(statePath, trainer.store, progress(), identity);
    lastSave = now();
  };
  if (heldOutCurve.length === 0) await measure();
  while (step < steps) {
    // Lets messages in: a run of the graph blocks this thread.
    await setImmediate();
    const { loss } = await trainer.step(batchAt(step), shape, step + 1, cosineLearningRate(schedule, step));
    step++;
    pendingLosses.push(loss);
    if (step % evaluateEvery === 0 || step === steps) await measure();
    onProgress?.({ step, loss, heldOutLoss: heldOutCurve.at(-1)?.[1] ?? null });
    const stopping = signal?.aborted ?? false;
    if (stopping || now() - lastSave > saveEveryMs || step === steps) save();
    if (stopping && step < steps)
      throw new InterruptedError(`Stopped at step ${step} of ${steps}; the state is saved.`);
  }
  return progress();
}
