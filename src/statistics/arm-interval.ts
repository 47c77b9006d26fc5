/** @file What the seeds of one arm show against the margin, judged once or after every seed. Knows neither other arms nor trials. */
import type { Looks } from "./first-passage.js";
import { type Moments, momentsOf } from "./paired-difference.js";
import { nominalLevel, overallLevel } from "./sequential-level.js";
import { studentQuantile, studentTail } from "./student-t.js";

/** Of the first `n` seeds; mean and deviation of those that did not diverge. */
export interface Prefix extends Moments {
  readonly diverged: number;
}

/** Paired deltas of one arm, in percent. */
export interface ArmDeltas {
  readonly values: readonly number[];
  /** Seeds that diverged: infinitely worse. */
  readonly diverged: number;
  /** Where it is judged after every seed: the first seed, the first two, ..., in the order of the seeds. */
  readonly looked?: { readonly looks: Looks; readonly prefixes: readonly Prefix[] };
}

export interface ArmInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** The upper end lies below the margin. */
  readonly holds: boolean;
  /** The lower end lies above the margin. */
  readonly shownWorse: boolean;
  /** Judged after every seed: the number of seeds at the first look that showed one or the other. */
  readonly decidedAt?: number;
}

/**
 * The t statistic of `n` values of which `diverged` grow without bound, in the limit: mean D d/n and standard error
 * D sqrt(d (n - d) / (n - 1)) / n for a large value D; D cancels.
 */
export function divergedStatistic(n: number, diverged: number): number {
  return Math.sqrt((diverged * (n - 1)) / (n - diverged));
}

/** @param ordered deltas in the order of the seeds, infinite where a seed diverged. */
export function prefixesOf(ordered: readonly number[]): Prefix[] {
  return ordered.map((_, index) => {
    const first = ordered.slice(0, index + 1);
    const finite = first.filter(Number.isFinite);
    return { ...momentsOf(finite), n: first.length, diverged: first.length - finite.length };
  });
}

/** Two-sided error that each single look may have for `level` over all of them. */
export const levelOfLook = (level: number, looks: Looks): number => 2 * nominalLevel(level / 2, looks);

const infinity = Number.POSITIVE_INFINITY;
const criticalValues = new Map<number, number[]>();
const keptLevels = 256;

/** The quantile for each number of seeds: they are few, asked for often, and dear. A single one shows nothing. */
function criticalValue(tail: number, n: number): number {
  if (n < 2) return infinity;
  let values = criticalValues.get(tail);
  if (!values) {
    if (criticalValues.size >= keptLevels) criticalValues.clear();
    values = [];
    criticalValues.set(tail, values);
  }
  values[n] ??= studentQuantile(tail, n - 1);
  return values[n];
}

const open = { low: -infinity, high: infinity, holds: false, shownWorse: false };

function atLook({ n, mean, deviation, diverged }: Prefix, margin: number, tail: number): ArmInterval {
  const critical = criticalValue(tail, n);
  if (diverged > 0) {
    const worse = divergedStatistic(n, diverged) > critical;
    return { mean: infinity, low: worse ? infinity : -infinity, high: infinity, holds: false, shownWorse: worse };
  }
  // Of a single seed there is no deviation.
  const half = n < 2 ? infinity : (critical * deviation) / Math.sqrt(n);
  const [low, high] = [mean - half, mean + half];
  return { mean, low, high, holds: high < margin, shownWorse: low > margin };
}

/**
 * The interval at the first look that decides, else at the newest; with fewer seeds than the first look nothing is known. All looks
 * together err with `level`, and so does whichever of them is shown. What was decided at a level stays so, whatever later seeds say.
 */
function intervalOverLooks(
  { looks, prefixes }: NonNullable<ArmDeltas["looked"]>,
  margin: number,
  level: number,
): ArmInterval {
  const tail = levelOfLook(level, looks) / 2;
  const seen = Math.min(prefixes.length, looks.last);
  let newest: ArmInterval = { ...open, mean: Number.NaN };
  for (let n = looks.first; n <= seen; n++) {
    newest = atLook(prefixes[n - 1], margin, tail);
    if (newest.holds || newest.shownWorse) return { ...newest, decidedAt: n };
  }
  if (seen >= looks.first || seen === 0) return newest;
  const { mean, diverged } = prefixes[seen - 1];
  return { ...open, mean: diverged > 0 ? infinity : mean };
}

/** @param level two-sided error of the interval, 0..1 */
export function armInterval({ values, diverged, looked }: ArmDeltas, margin: number, level: number): ArmInterval {
  if (looked) return intervalOverLooks(looked, margin, level);
  const n = values.length + diverged;
  if (n === 0) return { ...open, mean: Number.NaN };
  return atLook({ ...momentsOf(values), n, diverged }, margin, level / 2);
}

/** One-sided p value of "the mean is at least `bound`" that may be looked at after every seed; null before the first look. */
export function pBelowOverLooks({ looks, prefixes }: NonNullable<ArmDeltas["looked"]>, bound: number): number | null {
  let smallest: number | null = null;
  for (const { n, mean, deviation, diverged } of prefixes.slice(looks.first - 1, looks.last)) {
    const statistic = ((bound - mean) * Math.sqrt(n)) / deviation;
    const p = diverged > 0 ? 1 : deviation === 0 ? (mean < bound ? 0 : 1) : studentTail(statistic, n - 1);
    smallest = Math.min(smallest ?? 1, p);
  }
  return smallest === null ? null : overallLevel(smallest, looks);
}
