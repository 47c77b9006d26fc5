/** @file How many seeds would decide an arm, if mean and variance stay as observed. */
import { halfWidth, momentsOf } from "./paired-difference.js";

/** More than anyone runs: beyond it the effect sits at the margin. */
const most = 1000;

/** @param level two-sided error of the interval. @returns null where no number up to 1,000 does, or the variance is unknown. */
export function seedsToDecide(deltas: readonly number[], margin: number, level: number): number | null {
  if (deltas.length < 2) return null;
  const { mean, deviation } = momentsOf(deltas);
  const distance = Math.abs(mean - margin);
  const decides = (n: number) => halfWidth({ n, mean, deviation }, 1 - level) < distance;
  // The half-width falls as n grows: bisection.
  let [open, enough] = [deltas.length - 1, most];
  if (!decides(most)) return null;
  while (enough - open > 1) {
    const middle = (open + enough) >> 1;
    if (decides(middle)) enough = middle;
    else open = middle;
  }
  return enough;
}
