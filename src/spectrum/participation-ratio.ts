/** @file How many components a spectrum spreads over. Knows nothing of matrices. */

const one = () => 1;
const weighing = (weights: Float64Array | undefined) => (weights === undefined ? one : (i: number) => weights[i]);
const largestOf = (values: Float64Array) => values.reduce((a, b) => Math.max(a, b), 0);

/**
 * (sum v)^2 / sum v^2: n for n equal values, 1 for a single one; scale-free.
 * Over eigenvalues of W'W it is the usual participation ratio (`pr`), over singular values the gentler `prSingular`.
 * @param values not negative. @param weights how often each counts; once by default. @returns in [1, n]; null where all are zero.
 */
export function participationRatio(values: Float64Array, weights?: Float64Array): number | null {
  const largest = largestOf(values);
  if (largest === 0) return null;
  const weight = weighing(weights);
  let sum = 0;
  let squares = 0;
  for (const [i, value] of values.entries()) {
    const share = value / largest;
    sum += weight(i) * share;
    squares += weight(i) * share * share;
  }
  return (sum * sum) / squares;
}

/** The first component's share of the sum, 0..1. @param values not negative. @returns null where all are zero. */
export function firstShare(values: Float64Array, weights?: Float64Array): number | null {
  const largest = largestOf(values);
  if (largest === 0) return null;
  const weight = weighing(weights);
  let sum = 0;
  for (const [i, value] of values.entries()) sum += weight(i) * (value / largest);
  return 1 / sum;
}

/**
 * exp of the entropy of v / sum v: n for n equal values, 1 for a single one.
 * @param values not negative. @returns null where all are zero. Roy & Vetterli, EUSIPCO 2007
 */
export function entropyRank(values: Float64Array, weights?: Float64Array): number | null {
  const largest = largestOf(values);
  if (largest === 0) return null;
  const weight = weighing(weights);
  let sum = 0;
  for (const [i, value] of values.entries()) sum += weight(i) * (value / largest);
  let entropy = 0;
  for (const [i, value] of values.entries()) {
    const share = value / largest / sum;
    if (share > 0) entropy -= weight(i) * share * Math.log(share);
  }
  return Math.exp(entropy);
}
