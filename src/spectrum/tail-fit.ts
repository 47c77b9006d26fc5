/** @file A power law fitted to the tail of a spectrum. Knows nothing of matrices. */

export interface TailFit {
  /** alpha of p(x) ~ x^-alpha for x >= start. */
  readonly exponent: number;
  /** Kolmogorov-Smirnov distance between the tail and its fit, 0..1. */
  readonly ks: number;
  /** Number of values in the tail. */
  readonly count: number;
  /** Least value of the tail. */
  readonly start: number;
}

/**
 * For each value as the start of the tail the exponent of maximum likelihood, 1 + n / sum ln(x / start); kept is the start whose fit lies
 * nearest to the tail's distribution; of equals, the least. Weights stand for how often a value occurs.
 * @param descending positive. @returns null where fewer than two values differ.
 * Clauset, Shalizi & Newman, SIAM Review 51 (2009), equations 3.1 and 3.9
 */
export function fitTail(descending: Float64Array, weights?: Float64Array): TailFit | null {
  const n = descending.length;
  const logs = descending.map(Math.log);
  const weight = weights ?? new Float64Array(n).fill(1);
  let best: TailFit | null = null;
  let count = 0;
  let logSum = 0;
  for (let last = 0; last < n; last++) {
    count += weight[last];
    logSum += weight[last] * logs[last];
    // Only whole groups of equal values can begin a tail, and the largest value alone has no spread.
    if (last + 1 < n && descending[last + 1] === descending[last]) continue;
    const excess = logSum - count * logs[last];
    if (!(excess > 0) || descending[0] === descending[last]) continue;
    const slope = count / excess;
    const limit = best?.ks ?? Number.POSITIVE_INFINITY;
    const ks = distance(logs, weight, last, slope, count, limit);
    if (ks <= limit) best = { exponent: 1 + slope, ks, count, start: descending[last] };
  }
  return best;
}

/** Largest difference between (x / start)^-slope and the share of the tail above x, on either side of each step; stops above `limit`. */
function distance(
  logs: Float64Array,
  weight: Float64Array,
  last: number,
  slope: number,
  count: number,
  limit: number,
): number {
  let above = 0;
  let largest = 0;
  for (let i = 0; i <= last; i++) {
    const survival = Math.exp(-slope * (logs[i] - logs[last]));
    const before = above / count;
    above += weight[i];
    largest = Math.max(largest, Math.abs(survival - before), Math.abs(survival - above / count));
    if (largest > limit) break;
  }
  return largest;
}
