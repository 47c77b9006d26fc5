/** @file The record of a boundary search judged at another margin or confidence: what its finished trials say there. A delta is (set - full) / full in percent, paired by seed. */
import { z } from "zod";
import { estimate } from "./arm-figures.js";
import { figure } from "./scan-record.js";

const count = z.number().int();

const sized = z.object({
  /** Matrices, their elements, and the share of the model's parameters, 0..1. */
  size: count,
  parameters: count,
  share: z.number(),
});

const attemptAtMargin = sized.extend({
  /** Part of the held-out examples, from 1. */
  part: count,
  /** Seeds at the look that decides at this margin; all of them where none does. */
  seeds: count,
  /** Of that look; null where a seed diverged, and where there are fewer seeds than the first look has. */
  mean: figure,
  low: figure,
  high: figure,
  /** The attempt's share of the confidence. */
  confidence: z.number(),
  result: z.enum(["confirmed", "failed", "undecided"]),
});

const actionAtMargin = z.object({
  action: z.string(),
  /** The largest tried set whose interval ends below the margin, not corrected for the number of sets: exploratory. Null where none does. */
  held: sized.extend({ matrices: z.array(z.string()), deltaPercent: estimate }).nullable(),
  attempts: z.array(attemptAtMargin),
  /** Index in `attempts` of the largest confirmed set; null where none is. */
  confirmed: count.nullable(),
});

export const boundaryMarginRecord = z.object({
  schema: z.literal("deadweight/boundary-margin@1"),
  version: z.string(),
  /** Percent of full's held-out loss. */
  margin: z.number(),
  /** 0..1 */
  confidence: z.number(),
  actions: z.array(actionAtMargin),
});

export type ActionAtMargin = z.infer<typeof actionAtMargin>;
export type AttemptAtMargin = z.infer<typeof attemptAtMargin>;
export type BoundaryAtMargin = z.infer<typeof boundaryMarginRecord>;
