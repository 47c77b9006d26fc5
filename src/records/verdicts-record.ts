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
  floor: noiseFloor,
  /** Named checks of the test itself; a failed one makes every verdict doubtful. */
  controls: z.record(z.string(), z.object({ passed: z.boolean(), text: z.string() })),
  warnings: z.array(z.string()),
  matrices: z.array(matrixVerdict),
});

export type ArmSummary = z.infer<typeof armSummary>;
export type MatrixVerdict = z.infer<typeof matrixVerdict>;
export type NoiseFloor = z.infer<typeof noiseFloor>;
export type VerdictsRecord = z.infer<typeof verdictsRecord>;
