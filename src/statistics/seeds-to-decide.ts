/** @file How many seeds would decide a matrix, if means, variances and the share of diverged seeds stay as observed. */
import { halfWidth, momentsOf } from "./paired-difference.js";
import { type ArmDeltas, divergedStatistic, type MatrixArms, sequence } from "./sequence-test.js";
import { studentQuantile } from "./student-t.js";

/** More than anyone runs: beyond it the effect sits at the margin. */
const most = 1000;

function decidesAt({ values, diverged }: ArmDeltas, margin: number, level: number): (n: number) => boolean {
  if (diverged > 0) {
    const share = diverged / (values.length + diverged);
    return (n) => divergedStatistic(n, share * n) > studentQuantile(level / 2, n - 1);
  }
  const { mean, deviation } = momentsOf(values);
  return (n) => halfWidth({ n, mean, deviation }, 1 - level) < Math.abs(mean - margin);
}

function seedsOfArm(deltas: ArmDeltas, margin: number, level: number): number | null {
  const seen = deltas.values.length + deltas.diverged;
  if (seen < 2) return null;
  const decides = decidesAt(deltas, margin, level);
  if (decides(seen)) return seen;
  if (!decides(most)) return null;
  // The half-width falls as n grows: bisection.
  let [open, enough] = [seen, most];
  while (enough - open > 1) {
    const middle = (open + enough) >> 1;
    if (decides(middle)) enough = middle;
    else open = middle;
  }
  return enough;
}

/**
 * The arms are walked as the verdict walks them, each on the side of the margin on which its mean lies.
 * @param level two-sided error of the intervals.
 * @returns null where no number up to 1,000 does, a variance is unknown, or an arm that the verdict needs was not run.
 */
export function seedsToDecide(arms: MatrixArms, margin: number, level: number): number | null {
  let needed = 0;
  for (const name of sequence) {
    const deltas = arms[name];
    if (!deltas) return null;
    const seeds = seedsOfArm(deltas, margin, level);
    if (seeds === null) return null;
    needed = Math.max(needed, seeds);
    if (deltas.diverged > 0 || momentsOf(deltas.values).mean > margin) break;
  }
  return needed;
}
