/** @file How many seeds would decide a matrix, if means, variances and the share of diverged seeds stay as observed. */

import { sequence } from "../records/arm-sequence.js";
import { type ArmDeltas, armInterval, divergedStatistic, levelOfLook } from "./arm-interval.js";
import { halfWidth, momentsOf } from "./paired-difference.js";
import type { MatrixArms } from "./sequence-test.js";
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

/**
 * Judged after every seed: that of the first look that decides. Where it is beyond the last look it is what a longer plan would need,
 * a little too few, as more looks make each of them stricter.
 * @returns null where no number up to 1,000 does, or the variance is unknown.
 */
export function seedsOfArm(deltas: ArmDeltas, margin: number, level: number): number | null {
  const { looked } = deltas;
  const seen = deltas.values.length + deltas.diverged;
  if (seen < 2) return null;
  const decided = armInterval(deltas, margin, level).decidedAt;
  if (decided !== undefined) return decided;
  const decides = decidesAt(deltas, margin, looked ? levelOfLook(level, looked.looks) : level);
  if (looked && decides(looked.looks.first) && seen < looked.looks.first) return looked.looks.first;
  if (!looked && decides(seen)) return seen;
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
    const { holds, mean } = armInterval(deltas, margin, level);
    if (!holds && mean > margin) break;
  }
  return needed;
}
