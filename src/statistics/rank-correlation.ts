/** @file Spearman's rank correlation, its p value by permutation and its interval by bootstrap. Knows nothing of what is correlated. */
import { ShapeError } from "../foundation/errors.js";
import { type RandomStream, randomStream } from "../foundation/random.js";
import { quantileOf } from "./example-bootstrap.js";

/** Up to here all orders are tried: 5,040 of them. */
const mostExact = 7;
const permutations = 10_000;
const resamples = 2000;

export interface RankCorrelation {
  /** Spearman's rho, -1..1; null where a side is constant or there are fewer than two points. */
  readonly rho: number | null;
  /** Two-sided, by permutation; null without rho. */
  readonly p: number | null;
  /** Percentile interval over resampled points; null below four points. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/** @returns ranks from 1; equal values share the mean of theirs. */
export function ranksOf(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => Number(values[a] > values[b]) - Number(values[a] < values[b]));
  const ranks = new Float64Array(values.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && values[order[end]] === values[order[begin]]) end++;
    for (let i = begin; i < end; i++) ranks[order[i]] = (begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}

const product = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);

/** Ranks with mean 0: multiples of a half, so that their products are exact. null where all are equal. */
function centredRanks(values: readonly number[]): Float64Array | null {
  const centred = ranksOf(values).map((rank) => rank - (values.length + 1) / 2);
  return centred.some((x) => x !== 0) ? centred : null;
}

function rhoOf(x: readonly number[], y: readonly number[]): number | null {
  const [a, b] = [centredRanks(x), centredRanks(y)];
  return a && b ? product(a, b) / Math.sqrt(product(a, a) * product(b, b)) : null;
}

/** Calls `visit` with every order of `values`, changed in place. Heap 1963 */
function everyOrder(values: Float64Array, visit: () => void, length = values.length): void {
  if (length <= 1) {
    visit();
    return;
  }
  for (let i = 0; i < length; i++) {
    everyOrder(values, visit, length - 1);
    const other = length % 2 === 0 ? i : 0;
    [values[other], values[length - 1]] = [values[length - 1], values[other]];
  }
}

function permutationP(x: Float64Array, y: Float64Array, chance: RandomStream): number {
  const reached = Math.abs(product(x, y));
  let [extreme, tried] = [0, 0];
  const count = (order: Float64Array) => {
    tried++;
    if (Math.abs(product(x, order)) >= reached) extreme++;
  };
  if (y.length <= mostExact) {
    const order = y.slice();
    everyOrder(order, () => count(order));
    return extreme / tried;
  }
  for (let i = 0; i < permutations; i++) {
    const order = chance.permutation(y.length);
    count(y.map((_, at) => y[order[at]]));
  }
  // The order observed is one of them: otherwise p could be 0. Phipson & Smyth 2010
  return (extreme + 1) / (tried + 1);
}

/**
 * @param x [n] and y [n]; infinite values have a rank like any other, NaN has none.
 * @param confidence 0..1, of the bootstrap interval.
 * @param seed of permutations and bootstrap: the same gives the same result.
 * @throws ShapeError
 */
export function rankCorrelation(
  x: readonly number[],
  y: readonly number[],
  { confidence = 0.95, seed = 0 }: { readonly confidence?: number; readonly seed?: number } = {},
): RankCorrelation {
  const n = x.length;
  if (n !== y.length || [...x, ...y].some(Number.isNaN))
    throw new ShapeError(`A rank correlation needs as many numbers on both sides, got ${n} and ${y.length}.`);
  const [a, b] = [centredRanks(x), centredRanks(y)];
  if (!a || !b) return { rho: null, p: null, low: null, high: null, n };
  const p = permutationP(a, b, randomStream(seed, "permutations of ranks"));
  const rho = rhoOf(x, y);
  if (n < 4) return { rho, p, low: null, high: null, n };
  const chance = randomStream(seed, "bootstrap of ranks");
  const drawn: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const points = Array.from({ length: n }, () => chance.integer(n));
    const again = rhoOf(
      points.map((at) => x[at]),
      points.map((at) => y[at]),
    );
    // Of draws in which a side is constant there is no correlation.
    if (again !== null) drawn.push(again);
  }
  const sorted = drawn.sort((s, t) => s - t);
  return { rho, p, low: quantileOf(sorted, (1 - confidence) / 2), high: quantileOf(sorted, (1 + confidence) / 2), n };
}
