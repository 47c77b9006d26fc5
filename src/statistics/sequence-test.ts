/** @file The family of hypotheses: arms in fixed sequence within a matrix, Holm over matrices. Knows deltas, not trials. */
import type { MatrixVerdict } from "../records/verdicts-record.js";
import { halfWidth, momentsOf } from "./paired-difference.js";

export type VerdictKind = MatrixVerdict["verdict"];

/** Paired deltas of one arm, in percent. */
export interface ArmDeltas {
  readonly values: readonly number[];
  /** Seeds that diverged: infinitely worse. */
  readonly diverged: number;
}

export interface ArmInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** The upper end lies below the margin. */
  readonly holds: boolean;
  /** The lower end lies above the margin. */
  readonly shownWorse: boolean;
}

/** The arms that lead to a verdict, in the order in which they are tested. */
export interface MatrixArms {
  readonly frozen?: ArmDeltas;
  readonly crystal?: ArmDeltas;
  readonly random?: ArmDeltas;
}

/** @param level two-sided error of the interval, 0..1 */
export function armInterval({ values, diverged }: ArmDeltas, margin: number, level: number): ArmInterval {
  const infinity = Number.POSITIVE_INFINITY;
  if (diverged > 0) {
    // Every seed infinitely worse is as clear as it gets; a mixture leaves the mean infinite and its lower end unknown.
    const all = values.length === 0 && diverged > 1;
    return { mean: infinity, low: all ? infinity : -infinity, high: infinity, holds: false, shownWorse: all };
  }
  if (values.length === 0) return { mean: Number.NaN, low: -infinity, high: infinity, holds: false, shownWorse: false };
  const moments = momentsOf(values);
  const half = halfWidth(moments, 1 - level);
  const [low, high] = [moments.mean - half, moments.mean + half];
  return { mean: moments.mean, low, high, holds: high < margin, shownWorse: low > margin };
}

/** Walks the sequence until an arm does not hold. */
export function verdictAt(arms: MatrixArms, margin: number, level: number): VerdictKind {
  const steps: readonly (readonly [ArmDeltas | undefined, VerdictKind])[] = [
    [arms.frozen, "needed"],
    [arms.crystal, "freezable"],
    [arms.random, "low-rank"],
  ];
  for (const [deltas, ifWorse] of steps) {
    if (!deltas) return "undecided";
    const { holds, shownWorse } = armInterval(deltas, margin, level);
    if (shownWorse) return ifWorse;
    if (!holds) return "undecided";
  }
  return "redundant";
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
 * (Shaffer, Ann. Statist. 8 (1980) 1342); matrices of one run share their `full` trials, so the family's error is checked by
 * simulation with that dependence in the tests. Arms outside the chain, or after its end, are shown at the same level without a
 * joint guarantee.
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
