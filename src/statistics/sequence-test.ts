/** @file The family of hypotheses: arms in fixed sequence within a matrix, Holm over matrices. Knows deltas, not trials. */
import { type SequenceArm, sequence } from "../records/arm-sequence.js";
import type { MatrixVerdict } from "../records/verdicts-record.js";
import { type ArmDeltas, type ArmInterval, armInterval } from "./arm-interval.js";

export type VerdictKind = MatrixVerdict["verdict"];

/** An arm that was not run is absent and stops the sequence. */
export type MatrixArms = { readonly [Arm in SequenceArm]?: ArmDeltas };
export type MatrixIntervals = { readonly [Arm in SequenceArm]?: ArmInterval };

/** The verdict where this arm is the first that is shown worse. */
const ifWorse: Readonly<Record<SequenceArm, VerdictKind>> = {
  frozen: "needed",
  crystal: "freezable",
  random: "low-rank",
};

/**
 * The intervals to show. Behind the first arm that does not hold no other may be claimed to hold, so an upper end below the margin is
 * moved up to it: the interval only grows, so it covers at least as often, and `holds` is still "the upper end lies below the margin".
 */
export function intervalsAt(arms: MatrixArms, margin: number, level: number): MatrixIntervals {
  const shown: Partial<Record<SequenceArm, ArmInterval>> = {};
  let claimable = true;
  for (const name of sequence) {
    const deltas = arms[name];
    if (!deltas) continue;
    const interval = armInterval(deltas, margin, level);
    shown[name] = interval.holds && !claimable ? { ...interval, high: margin, holds: false } : interval;
    claimable &&= interval.holds;
  }
  return shown;
}

/** Arms that would hold by themselves and may not be claimed: those whose shown interval was widened. */
export function unclaimedAt(arms: MatrixArms, margin: number, level: number): SequenceArm[] {
  const shown = intervalsAt(arms, margin, level);
  return sequence.filter((name) => {
    const deltas = arms[name];
    return deltas && armInterval(deltas, margin, level).holds && !shown[name]?.holds;
  });
}

/** Reads the verdict off the intervals shown. */
export function verdictOf(intervals: MatrixIntervals): VerdictKind {
  for (const name of sequence) {
    const interval = intervals[name];
    if (interval?.shownWorse) return ifWorse[name];
    if (!interval?.holds) return "undecided";
  }
  return "redundant";
}

export function verdictAt(arms: MatrixArms, margin: number, level: number): VerdictKind {
  return verdictOf(intervalsAt(arms, margin, level));
}

/**
 * The two-sided error level at which each matrix is judged. All matrices start with an equal share of `level`; one that reaches a
 * verdict keeps the share it was decided at and frees it, so that the others are judged again with `level` / (matrices left): Holm's
 * step-down over matrices, with each matrix's arms as a chain of which the next is looked at only when the one before holds. The
 * interval shown for a matrix has the very level returned here, and its verdict is read off that interval, so table and verdict cannot
 * disagree.
 *
 * What is proven and what is simulated: each end of an interval errs with half the share, and of the two claims about one arm at most one
 * is false. Freeing a share after a claim in either direction is Holm with directional decisions, proven for independent statistics
 * (Shaffer, Ann. Statist. 8 (1980) 1342). Judged after every seed, a claim at a share is one whose smallest p value over the looks has an
 * overall level below half of it, so the same holds for those. Matrices of one run share their `full` trials, so the family's error is checked by
 * simulation with that dependence in the tests. Arms outside the chain are shown at the same level without a joint
 * guarantee; those after its end claim nothing (`intervalsAt`).
 */
export function levelsOf(
  matrices: ReadonlyMap<string, MatrixArms>,
  margin: number,
  level: number,
): Map<string, number> {
  const levels = new Map<string, number>();
  const open = new Map(matrices);
  while (open.size > 0) {
    const share = level / open.size;
    const decided = [...open].filter(([, arms]) => verdictAt(arms, margin, share) !== "undecided");
    for (const [name] of decided.length > 0 ? decided : open) {
      levels.set(name, share);
      open.delete(name);
    }
  }
  return levels;
}
