/** @file How many seeds would decide an arm, if mean and variance stay as observed. */
import { halfWidth, momentsOf } from "./paired-difference.js";

/** More than anyone runs: beyond it the effect sits at the margin. */
const most = 1000;

/** @param level two-sided error of the interval. @returns null where no number up to 1,000 does, or the variance is unknown. */
export function seedsToDecide(deltas: readonly number[], margin: number, level: number): number | null {
  if (deltas.length < 2) return null;
  const { mean, deviation } = momentsOf(deltas);
  const distance = Math.abs(mean - margin);
  for (let n = deltas.length; n <= most; n++) if (halfWidth({ n, mean, deviation }, 1 - level) < distance) return n;
  return null;
}
