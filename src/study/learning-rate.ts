/** @file Chooses the learning rate on the `full` arm alone, on examples that no verdict uses. */
import { makeTrialSpec } from "../crystal/trial-spec.js";
import { runTrials, type TrialQueueOptions } from "../dispatch/trial-queue.js";
import { InputError, WorkerError } from "../foundation/errors.js";
import type { TrialRecord } from "../records/trial-record.js";

export interface LearningRateCandidate {
  readonly learningRate: number;
  /** After the last step, nats per token; null where the trial diverged. */
  readonly heldOutLoss: number | null;
}

export interface LearningRateChoice {
  readonly learningRate: number;
  readonly candidates: readonly LearningRateCandidate[];
  /** Of the candidates; empty where the rate was given. */
  readonly records: readonly TrialRecord[];
}

export interface LearningRateOptions extends TrialQueueOptions {
  readonly candidates: readonly number[];
  readonly steps: number;
  readonly seed: number;
}

/**
 * The candidate of lowest held-out loss. A high rate makes every freeze look free, so among candidates within `tolerance` of the
 * best the lowest is taken. @throws InputError where every candidate diverges,
 * WorkerError where one failed: it may be the best.
 */
export async function chooseLearningRate(options: LearningRateOptions): Promise<LearningRateChoice> {
  const { candidates, steps, seed } = options;
  const specs = candidates.map((learningRate) =>
    makeTrialSpec({ kind: "full" }, [], { seed, purpose: "learning-rate", steps, learningRate }),
  );
  const records = await runTrials(specs, options);
  for (const { key, outcome } of records)
    if (outcome.kind === "failed")
      throw new WorkerError(
        `The choice of the learning rate is not complete: ${key} failed (${outcome.reason}). Run the same command to repeat it.`,
      );
  const measured = records.map(({ learningRate, outcome }) => ({
    learningRate,
    heldOutLoss: outcome.kind === "finished" ? outcome.heldOutLossAfter : null,
  }));
  return { learningRate: pickLearningRate(measured), candidates: measured, records };
}

/** Relative; assumption, not studied. */
const tolerance = 0.002;

export function pickLearningRate(candidates: readonly LearningRateCandidate[]): number {
  const finite = candidates.filter((candidate) => candidate.heldOutLoss !== null);
  if (finite.length === 0)
    throw new InputError("No learning rate works: `full` diverges at every candidate. Give a lower one.");
  const best = Math.min(...finite.map(({ heldOutLoss }) => heldOutLoss!));
  const close = finite.filter(({ heldOutLoss }) => heldOutLoss! <= best * (1 + tolerance));
  return Math.min(...close.map(({ learningRate }) => learningRate));
}
