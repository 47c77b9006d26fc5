/** @file How many components a spectrum spreads over. Knows nothing of matrices. */

/**
 * (sum v)^2 / sum v^2: n for n equal values, 1 for a single one; scale-free.
 * Over eigenvalues of W'W it is the usual participation ratio (`pr`), over singular values the gentler `prSingular`.
 * @param values not negative. @returns in [1, n]; null where all are zero.
 */
export function participationRatio(values: Float64Array): number | null {
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  if (largest === 0) return null;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    const share = value / largest;
    sum += share;
    squares += share * share;
  }
  return (sum * sum) / squares;
}

/** The first component's share of the sum, 0..1. @param values not negative. @returns null where all are zero. */
export function firstShare(values: Float64Array): number | null {
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  if (largest === 0) return null;
  return 1 / values.reduce((sum, value) => sum + value / largest, 0);
}

/**
 * exp of the entropy of v / sum v: n for n equal values, 1 for a single one.
 * @param values not negative. @returns null where all are zero. Roy & Vetterli, EUSIPCO 2007
 */
export function entropyRank(values: Float64Array): number | null {
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  if (largest === 0) return null;
  const sum = values.reduce((total, value) => total + value / largest, 0);
  let entropy = 0;
  for (const value of values) {
    const share = value / largest / sum;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return Math.exp(entropy);
}
