/** @file Differences to `full`, paired by seed, and what their mean is known to be. Knows no verdicts. */
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import { studentQuantile, studentTail } from "./student-t.js";

export interface ArmOfMatrices {
  readonly arm: string;
  /** Canonical names that the arm treats. */
  readonly matrices: readonly string[];
}

export interface Pair {
  readonly seed: number;
  readonly full: FinishedOutcome;
  readonly own: FinishedOutcome;
}

export interface Pairs {
  readonly pairs: readonly Pair[];
  /** Seeds whose trial diverged while `full` finished: infinitely worse. */
  readonly diverged: readonly number[];
}

const isArm = (trial: TrialRecord, { arm, matrices }: ArmOfMatrices): boolean =>
  trial.purpose === "sft" && trial.arm === arm && trial.matrices.join() === matrices.join();

/** Finished `full` trials by seed. */
function fullOutcomes(trials: readonly TrialRecord[]): Map<number, FinishedOutcome> {
  return new Map(
    trials.flatMap(({ purpose, arm, seed, outcome }) =>
      purpose === "sft" && arm === "full" && outcome.kind === "finished" ? [[seed, outcome] as const] : [],
    ),
  );
}

/** Ordered by seed. A failed trial, or one whose `full` did not finish, makes no pair. */
export function pairUp(trials: readonly TrialRecord[], which: ArmOfMatrices): Pairs {
  const full = fullOutcomes(trials);
  const own = trials.filter((trial) => isArm(trial, which) && full.has(trial.seed)).sort((a, b) => a.seed - b.seed);
  return {
    pairs: own.flatMap(({ seed, outcome }) =>
      outcome.kind === "finished" ? [{ seed, full: full.get(seed)!, own: outcome }] : [],
    ),
    diverged: own.filter(({ outcome }) => outcome.kind === "diverged").map(({ seed }) => seed),
  };
}

/** (arm - full) / full in percent for each pair, after the last step or before the first. */
export function deltasPercent(pairs: readonly Pair[], at: "before" | "after"): number[] {
  const loss = (outcome: FinishedOutcome) => (at === "before" ? outcome.heldOutLossBefore : outcome.heldOutLossAfter);
  return pairs.map(({ full, own }) => ((loss(own) - loss(full)) / loss(full)) * 100);
}

export interface Moments {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1). */
  readonly deviation: number;
}

export function momentsOf(values: readonly number[]): Moments {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, deviation: Math.sqrt(squares / (n - 1)) };
}

/** Half of the two-sided t interval of a mean. Infinite for a single value. */
export function halfWidth({ n, deviation }: Moments, confidence: number): number {
  return n < 2 ? Number.POSITIVE_INFINITY : (studentQuantile((1 - confidence) / 2, n - 1) * deviation) / Math.sqrt(n);
}

export interface MeanEstimate {
  readonly mean: number | null;
  /** Two-sided interval of the mean; null where it does not exist. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/** @param confidence 0..1 */
export function estimateMean(values: readonly number[], confidence: number): MeanEstimate {
  if (values.length === 0) return { mean: null, low: null, high: null, n: 0 };
  const moments = momentsOf(values);
  const half = halfWidth(moments, confidence);
  const { n, mean } = moments;
  return Number.isFinite(half) ? { mean, low: mean - half, high: mean + half, n } : { mean, low: null, high: null, n };
}

/** One-sided p value of "the mean is at least `bound`"; null for a single value. */
export function pBelow(values: readonly number[], bound: number): number | null {
  const { n, mean, deviation } = momentsOf(values);
  if (n < 2) return null;
  if (deviation === 0) return mean < bound ? 0 : 1;
  return studentTail((bound - mean) / (deviation / Math.sqrt(n)), n - 1);
}
