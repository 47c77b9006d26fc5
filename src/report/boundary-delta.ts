/** @file The joint delta of a set of matrices as text. Knows no table. */
import type { Estimate } from "../records/arm-figures.js";
import type { ConfirmationRecord, SeedDeltaRecord } from "../records/boundary-record.js";
import { absent, counted, delta, exists } from "./figure-text.js";

interface Measured {
  readonly deltas: SeedDeltaRecord;
  readonly deltaPercent: Estimate;
}

/** `+0.12 [-0.05, +0.29]`, in percent; that seeds diverged where they did, since then there is no mean. */
export function jointDeltaText({ deltas, deltaPercent }: Measured, margin: number): string {
  const diverged = deltas.filter(([, one]) => one === null).length;
  if (diverged > 0) return `diverged: ${diverged} of ${counted(deltas.length, "seed")}`;
  return exists(deltaPercent.mean) ? delta(deltaPercent, margin) : absent;
}

/** Of the look that decided it. */
export function attemptDeltaText({ deltas, seeds, mean, low, high }: ConfirmationRecord, margin: number): string {
  const looked = deltas.slice(0, seeds.length);
  return jointDeltaText({ deltas: looked, deltaPercent: { mean, low, high, n: looked.length } }, margin);
}
