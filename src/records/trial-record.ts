/** @file The record of one trial: one fine-tuning with one arm and one seed. Losses are nats per scored token. */
import { z } from "zod";

const finished = z.object({
  kind: z.literal("finished"),
  /** Held-out loss at step 0, after the matrix was replaced and before any update. */
  heldOutLossBefore: z.number(),
  heldOutLossAfter: z.number(),
  trainLossFirst: z.number(),
  trainLossLast: z.number(),
  /** [step, held-out loss], step 0 and the last included. */
  curve: z.array(z.tuple([z.number().int(), z.number()])),
  /** Mean nats per scored token of each held-out example, at the last step. */
  heldOutLossPerExample: z.array(z.number()),
  /** SHA-256 of the bytes of each frozen weight before and after the fine-tuning. */
  frozenSha256: z.record(z.string(), z.tuple([z.string(), z.string()])),
  /** Loss on general text after the last step, where the run has such text. */
  generalLossAfter: z.number().optional(),
  /** Of `full`: how far each matrix moved, |after - before| / |before| in the Frobenius norm, by canonical name. */
  relativeUpdates: z.record(z.string(), z.number()).optional(),
});

export const trialOutcome = z.discriminatedUnion("kind", [
  finished,
  z.object({ kind: z.literal("diverged"), step: z.number().int() }),
  z.object({ kind: z.literal("failed"), reason: z.string() }),
]);

/**
 * `sft`: the paired trials. `aa`: `full` on another data order, for the noise floor. `control`: of the test itself, paired like `sft`
 * but no part of a verdict. `sensitivity`: the paired trials at another learning rate. `learning-rate`: the choice of the rate.
 * `joint`: sets of matrices in the search for a boundary, paired with the `full` of `sft`. `confirmation`: the set that was found and
 * `full`, on seeds and held-out examples of their own.
 */
export const trialPurposes = ["sft", "aa", "control", "sensitivity", "learning-rate", "joint", "confirmation"] as const;

export const trialRecord = z.object({
  schema: z.literal("deadweight/trial@1"),
  version: z.string(),
  /** Identifies the trial inside its run: matrices, arm and seed in one readable string. */
  key: z.string(),
  /** Canonical names of the matrices that the arm treats; empty for `full`. */
  matrices: z.array(z.string()),
  /** As written by the user: `full`, `frozen`, `crystal`, `random`, ... */
  arm: z.string(),
  /** Where `arm` is `mixed`: that of each matrix. */
  arms: z.array(z.string()).optional(),
  rank: z.number().int().optional(),
  seed: z.number().int(),
  purpose: z.enum(trialPurposes),
  /** Of `confirmation`: the part of the held-out examples that it was measured on, from 0. */
  part: z.number().int().optional(),
  steps: z.number().int(),
  learningRate: z.number(),
  outcome: trialOutcome,
  trainableParameters: z.number().int(),
  wallSeconds: z.number(),
});

export type TrialOutcome = z.infer<typeof trialOutcome>;
export type FinishedOutcome = z.infer<typeof finished>;
export type TrialRecord = z.infer<typeof trialRecord>;
