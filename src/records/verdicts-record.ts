/** @file The record of verdicts: what the trials show of each matrix. A delta is (arm - full) / full in percent, paired by seed. */
import { z } from "zod";

const number = z.number().nullable();

export const armSummary = z.object({
  /** Mean over seeds of the paired delta, percent of full's held-out loss. */
  meanDeltaPercent: number,
  /** Adjusted two-sided interval of the mean: the one that the verdict rests on. */
  low: number,
  high: number,
  /** Number of seeds. */
  n: z.number().int(),
  /** Seeds whose trial diverged: they count as infinitely worse. */
  diverged: z.number().int(),
  /** One-sided p value of "delta >= margin"; small means the arm holds. */
  pNoninferior: number,
  /** Held-out loss at step 0 minus full's at step 0, nats per token, mean over seeds. */
  damage: number,
  /** 1 - (final loss - full's final loss) / damage; null when damage is below the noise floor. */
  recovery: number,
  /** The arm's upper end lies below the margin. */
  holds: z.boolean(),
  /** The arm's lower end lies above the margin. */
  shownWorse: z.boolean(),
  /** Judged after every seed: seeds at the look that decided the arm; its figures rest on those. Absent while it is undecided. */
  decidedAt: z.number().int().optional(),
  /** The delta in nats per token, with an interval of the same level; null where a seed diverged. */
  meanDeltaNats: number.optional(),
  lowNats: number.optional(),
  highNats: number.optional(),
  /**
   * Percent of full's loss: percentile interval, of the record's confidence, of the mean delta when the held-out examples are drawn
   * again and the seeds stay. `weights`: "tokens" where an example counts by its scored tokens, as it does in the delta; "examples",
   * or absent in older records, where it counts as one, since its tokens were not known.
   */
  bootstrap: z
    .object({ low: z.number(), high: z.number(), weights: z.enum(["tokens", "examples"]).optional() })
    .optional(),
  /** Step at which half of the damage is recovered, between evaluations by a straight line; null where it never is, or there is no damage. */
  stepsToRecoverHalf: number.optional(),
  /** Final loss minus that of the same arm left trainable (of `frozen`: full's), nats per token, mean over the seeds of both. */
  costOfNotTraining: number.optional(),
});

export const matrixVerdict = z.object({
  name: z.string(),
  verdict: z.enum(["redundant", "low-rank", "freezable", "needed", "undecided"]),
  /** The strongest claim that is shown although the verdict is `undecided`. */
  strongestClaim: z.string().optional(),
  arms: z.record(z.string(), armSummary),
  /** For `undecided`: the number of seeds that would decide, from the observed variance. */
  seedsToDecide: z.number().int().nullable().optional(),
});

export const noiseFloor = z.object({
  /** Standard deviation of the difference between two `full` runs on different data orders, percent. */
  deltaStdPercent: number,
  /** Mean absolute difference between them, percent. */
  meanAbsoluteDeltaPercent: number,
  /** Number of such differences. */
  n: z.number().int(),
});

export const verdictsRecord = z.object({
  schema: z.literal("deadweight/verdicts@1"),
  version: z.string(),
  /** Percent of full's held-out loss. */
  margin: z.number(),
  /** 0..1 */
  confidence: z.number(),
  seeds: z.array(z.number().int()),
  /** Judged after every seed from the first look to the last; absent where it was judged once. */
  sequential: z.object({ firstLook: z.number().int(), lastLook: z.number().int() }).optional(),
  floor: noiseFloor,
  /** Named checks of the test itself; a failed one makes every verdict doubtful. */
  controls: z.record(
    z.string(),
    z.object({
      passed: z.boolean(),
      text: z.string(),
      /** False where there were too few seeds to tell; such a control has not passed. */
      checked: z.boolean().optional(),
    }),
  ),
  warnings: z.array(z.string()),
  matrices: z.array(matrixVerdict),
});

export type ArmSummary = z.infer<typeof armSummary>;
export type MatrixVerdict = z.infer<typeof matrixVerdict>;
export type NoiseFloor = z.infer<typeof noiseFloor>;
export type VerdictsRecord = z.infer<typeof verdictsRecord>;
