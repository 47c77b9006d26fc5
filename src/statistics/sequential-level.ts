/** @file Overall error of looking after every seed, and the nominal level of each look that keeps it. Knows no trials. */
import { ShapeError } from "../foundation/errors.js";
import { type Looks, passingProbability } from "./first-passage.js";

// Nominal levels whose overall level is computed: Chebyshev points of the logarithm, between which a polynomial of the
// logarithm of overall / nominal is off by at most 5e-4 above 1e-6 and 4e-3 below.
const pointCount = 12;
const [lowest, highest] = [1e-8, 0.5];
const points = Array.from({ length: pointCount }, (_, i) => Math.cos((Math.PI * i) / (pointCount - 1)));
const nominalAt = (point: number) => lowest * (highest / lowest) ** ((point + 1) / 2);

/** Errors of recursion and interpolation, see `passingProbability`: overall levels are rounded up by it. */
const safety = 1.01;

/** The default looks, from 3 to 20, by `passingProbability`, which takes a second (two for 40 seeds). A test computes them again. */
const defaultLooks: Looks = { first: 3, last: 20 };
export const defaultRatios: readonly number[] = [
  0.496932632, 0.678691314, 1.09103027, 1.54109587, 1.91301021, 2.17614427, 2.35137164, 2.46723776, 2.54305159,
  2.58973095, 2.61556606, 2.62333905,
];

interface Levels {
  /** ln(overall / nominal) at the points. */
  readonly logRatios: readonly number[];
  readonly nominal: Map<number, number>;
}

const known = new Map<string, Levels>();

/** ln(overall / nominal) at the points, computed. */
export function ratiosOf(looks: Looks): number[] {
  return points.map((point) => Math.log(passingProbability(nominalAt(point), looks) / nominalAt(point)));
}

function levelsOf(looks: Looks): Levels {
  const { first, last } = looks;
  const key = `${first} ${last}`;
  const found = known.get(key);
  if (found) return found;
  if (!(Number.isInteger(first) && Number.isInteger(last) && first >= 2 && last >= first))
    throw new ShapeError(`Looks from ${first} to ${last}: the first is a whole number from 2, the last one from it.`);
  const isDefault = first === defaultLooks.first && last === defaultLooks.last;
  const levels = {
    logRatios: isDefault ? defaultRatios : first === last ? [] : ratiosOf(looks),
    nominal: new Map<number, number>(),
  };
  known.set(key, levels);
  return levels;
}

/** Barycentric interpolation. Berrut & Trefethen, SIAM Review 46 (2004) 501 */
function ratio(logRatios: readonly number[], nominal: number): number {
  const x = (2 * Math.log(nominal / lowest)) / Math.log(highest / lowest) - 1;
  let [above, below] = [0, 0];
  for (let i = 0; i < pointCount; i++) {
    const distance = x - points[i];
    if (Math.abs(distance) < 1e-14) return Math.exp(logRatios[i]);
    const weight = ((i % 2 === 0 ? 1 : -1) * (i === 0 || i === pointCount - 1 ? 0.5 : 1)) / distance;
    above += weight * logRatios[i];
    below += weight;
  }
  return Math.exp(above / below);
}

/**
 * Probability of at least one one-sided p value of `nominal` or less in one-sample t tests after `first`, ..., `last` observations whose
 * mean is the one under test: at the smallest of the p values seen so far, a p value that may be looked at after every seed.
 * With a single look it is `nominal`; beyond the computed levels it is a union bound.
 * @throws ShapeError for looks that are none.
 */
export function overallLevel(nominal: number, looks: Looks): number {
  const { logRatios } = levelsOf(looks);
  if (looks.first === looks.last) return nominal;
  const union = Math.min(1, nominal * (looks.last - looks.first + 1));
  if (nominal > highest) return union;
  const computed = Math.max(nominal, lowest);
  return Math.min(union, computed * ratio(logRatios, computed) * safety);
}

/**
 * The one-sided level that each of the looks has for a one-sided error of `overall` over all of them. It is the same at every look
 * (Pocock, Biometrika 64 (1977) 191; Jennison & Turnbull, Group Sequential Methods, 2000): of the usual shapes the one with the most
 * power early, and what is saved here are the trials that early decisions make superfluous; O'Brien and Fleming's would keep more power
 * for the last seeds and decide almost nothing before.
 * @param overall 0..1. @throws ShapeError for looks that are none.
 */
export function nominalLevel(overall: number, looks: Looks): number {
  const { nominal } = levelsOf(looks);
  if (looks.first === looks.last) return overall;
  const found = nominal.get(overall);
  if (found !== undefined) return found;
  let [low, high] = [overall / (looks.last - looks.first + 1), Math.min(overall, highest)];
  if (low < lowest || low >= high) return Math.min(low, highest);
  if (overallLevel(high, looks) <= overall) return high;
  while (high / low > 1 + 1e-12) {
    const middle = Math.sqrt(low * high);
    if (overallLevel(middle, looks) > overall) high = middle;
    else low = middle;
  }
  nominal.set(overall, low);
  return low;
}
