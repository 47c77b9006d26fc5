/** @file The bulk of a noise spectrum: its scale, its edge, and what rises above. Knows nothing of trained weights. */

/** Share of Marchenko-Pastur's law with ratio beta below 1 + beta + 2 sqrt(beta) cos(theta); Simpson's rule on a smooth integrand. */
function shareBelow(beta: number, theta: number): number {
  const intervals = 400;
  const root = 2 * Math.sqrt(beta);
  const step = (Math.PI - theta) / intervals;
  let sum = 0;
  for (let i = 0; i <= intervals; i++) {
    const t = theta + i * step;
    const x = 1 + beta + root * Math.cos(t);
    // At the hard edge of a square matrix sin^2 / x tends to 1.
    const density = x > 1e-14 ? (2 * Math.sin(t) ** 2) / (Math.PI * x) : 2 / Math.PI;
    sum += density * (i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2);
  }
  return (sum * step) / 3;
}

/**
 * The median of Marchenko-Pastur's law: of the eigenvalues of W'W / max(rows, cols) for entries of variance 1.
 * @param beta min(rows, cols) / max(rows, cols), in (0, 1]. Within 1e-9. Gavish & Donoho, IEEE Trans. Inf. Theory 60 (2014)
 */
export function marchenkoPasturMedian(beta: number): number {
  let low = 0;
  let high = Math.PI;
  while (high - low > 1e-10) {
    const middle = (low + high) / 2;
    // A larger theta is a smaller eigenvalue.
    if (shareBelow(beta, middle) > 0.5) low = middle;
    else high = middle;
  }
  return 1 + beta + 2 * Math.sqrt(beta) * Math.cos((low + high) / 2);
}

/**
 * n equally likely points of Marchenko-Pastur's law, the quantiles (i + 1/2) / n: where the eigenvalues of W'W / max(rows, cols) lie that a
 * noise matrix of n x n / beta shows, but for fluctuations of order 1 / n. @returns [n], descending.
 */
export function marchenkoPasturQuantiles(beta: number, n: number): Float64Array {
  const root = 2 * Math.sqrt(beta);
  const steps = Math.max(2048, 4 * n);
  const width = Math.PI / steps;
  const quantiles = new Float64Array(n);
  let below = 0;
  let next = 0;
  // The midpoint rule on a smooth periodic integrand; between two points linear.
  for (let step = 0; step < steps && next < n; step++) {
    const t = (step + 0.5) * width;
    const x = 1 + beta + root * Math.cos(t);
    const share = (x > 1e-14 ? (2 * Math.sin(t) ** 2) / (Math.PI * x) : 2 / Math.PI) * width;
    for (; next < n && (next + 0.5) / n <= below + share; next++) {
      const inside = ((next + 0.5) / n - below) / share;
      quantiles[next] = Math.max(0, 1 + beta + root * Math.cos((step + inside) * width));
    }
    below += share;
  }
  return quantiles;
}

/** Mean of the Tracy-Widom law of real matrices. */
const tracyWidomMean = -1.2065336;

/** Mean and deviation of the largest eigenvalue of W'W for entries of variance 1. Johnstone, Ann. Statist. 29 (2001) */
function largestEigenvalue(n: number, m: number): { centre: number; deviation: number } {
  const root = Math.sqrt(n - 1) + Math.sqrt(m);
  return { centre: root * root, deviation: root * Math.cbrt(1 / Math.sqrt(n - 1) + 1 / Math.sqrt(m)) };
}

/** Expected spectral norm of n x m noise of variance 1, n <= m, n > 1. */
export function expectedSpectralNorm(n: number, m: number): number {
  const { centre, deviation } = largestEigenvalue(n, m);
  return Math.sqrt(centre + tracyWidomMean * deviation);
}

/** Quantile 0.999 of the Tracy-Widom law of real matrices. Bejan (2005), table 1. */
const tracyWidomQuantile = 3.2724;
/**
 * The median of few singular values is itself uncertain; this times 1 / min(rows, cols) is added to the quantile. Fitted to 15,000 to 40,000
 * draws of noise a shape: at most 1% show a spike from 8 x 8 on (square matrices of odd width are the worst), 2-3% below.
 */
const medianAllowance = 30;

export interface NoiseBulk {
  /** Standard deviation of the entries of the noise, from the median singular value: a few strong components do not move it. */
  readonly scale: number;
  /** The largest singular value that noise of this scale would show. */
  readonly edge: number;
  /** Number of singular values above the edge. */
  readonly spikes: number;
  /** Share of the sum of squares in them, 0..1. */
  readonly spikeEnergy: number;
}

/**
 * Scale of the bulk by Gavish & Donoho's median rule, its edge scale (sqrt n + sqrt m) with Tracy-Widom's allowance, and the spikes above.
 * @param singular descending. @param weights how often each occurs, min(rows, cols) in all; once by default.
 * @param resolution singular values below this count as zero; where the median does, the scale is 0 and every other value a spike.
 * @returns null for a single row or column, whose only singular value is both bulk and spike.
 * Gavish & Donoho (2014); Johnstone, Ann. Statist. 29 (2001)
 */
export function noiseBulk(
  singular: Float64Array,
  rows: number,
  cols: number,
  resolution: number,
  weights?: Float64Array,
): NoiseBulk | null {
  const n = Math.min(rows, cols);
  const m = Math.max(rows, cols);
  if (n === 1) return null;
  const median = medianOf(singular, n, weights);
  const scale = median <= resolution ? 0 : median / Math.sqrt(m * marchenkoPasturMedian(n / m));
  const { centre, deviation } = largestEigenvalue(n, m);
  const edge = scale * Math.sqrt(centre + (tracyWidomQuantile + medianAllowance / n) * deviation);
  const floor = Math.max(edge, resolution);
  let spikes = 0;
  let energy = 0;
  let total = 0;
  for (const [i, value] of singular.entries()) {
    const weight = weights?.[i] ?? 1;
    const square = weight * (value / singular[0]) ** 2;
    total += square;
    if (value <= floor) continue;
    spikes += weight;
    energy += square;
  }
  return { scale, edge, spikes, spikeEnergy: total > 0 ? energy / total : 0 };
}

/** Weighted values stand for intervals of ranks: between their middles the median is interpolated. */
function medianOf(descending: Float64Array, n: number, weights: Float64Array | undefined): number {
  if (weights === undefined) return (descending[(n - 1) >> 1] + descending[n >> 1]) / 2;
  let above = 0;
  let previousMiddle = 0;
  for (const [i, value] of descending.entries()) {
    const middle = above + weights[i] / 2;
    if (middle >= n / 2) {
      if (i === 0) return value;
      const inside = (n / 2 - previousMiddle) / (middle - previousMiddle);
      return descending[i - 1] + inside * (value - descending[i - 1]);
    }
    above += weights[i];
    previousMiddle = middle;
  }
  return descending[descending.length - 1];
}
