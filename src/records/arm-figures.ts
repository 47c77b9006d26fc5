/**
 * @file What the trials of one arm of one matrix (or group) come to over the seeds: figures and curves. Losses are nats per scored token.
 * All of them rest on the seeds of `deltaPercent` (of an arm that was decided early: those that decided it); of `full` on all of its own.
 * In older records only the deltas after the last step do; the others are over every seed that finished.
 */
import { z } from "zod";
import { figure } from "./scan-record.js";

/** A mean over seeds with its two-sided interval; `low` and `high` are null with a single seed. */
export const estimate = z.object({ mean: figure, low: figure, high: figure, n: z.number().int() });

const curvePoint = z.object({ step: z.number().int(), mean: z.number(), low: z.number(), high: z.number() });

export const armFigures = z.object({
  /** Held-out loss at step 0. */
  lossBefore: estimate,
  /** Held-out loss after the last step. */
  lossAfter: estimate,
  /** (arm - full) / full at step 0, percent, paired by seed. */
  deltaBeforePercent: estimate,
  /** (arm - full) / full after the last step, percent, paired by seed; interval as in the verdict. */
  deltaPercent: estimate,
  /** Loss on general text after the last step, and (arm - full) / full of it in percent, paired by seed: what was forgotten. */
  generalLossAfter: estimate.optional(),
  generalDeltaPercent: estimate.optional(),
  /** The paper's own way: first seed, last training loss, percent against full's. */
  likePaper: z.object({ trainLossLast: figure, deltaPercent: figure }),
  /** Held-out loss over steps: mean over seeds, and the smallest and largest seed. */
  curve: z.array(curvePoint),
  /**
   * (arm - full) / full of the held-out loss over steps, percent, paired by seed: mean over seeds, and the smallest and largest seed.
   * The last mean is that of `deltaPercent`. Absent for `full` and in older records.
   */
  deltaCurve: z.array(curvePoint).optional(),
});

export type CurvePoint = z.infer<typeof curvePoint>;
export type Estimate = z.infer<typeof estimate>;
export type ArmFigures = z.infer<typeof armFigures>;
