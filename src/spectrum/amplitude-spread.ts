/** @file How the amplitudes of a matrix's rows are spread: participation ratios, first component, kurtosis. Knows no fit. */
import { symmetricEigenvalues } from "../linalg/symmetric-eigen.js";
import { firstShare, participationRatio } from "./participation-ratio.js";

export interface AmplitudeSpread {
  /** Participation ratio of the covariance over rows. */
  readonly pr: number | null;
  /** Participation ratio of A'A. */
  readonly prUncentred: number | null;
  /** Share of the first principal component of the covariance, 0..1. */
  readonly pc1: number | null;
  /** m4 / m2^2 of all entries about their mean. */
  readonly kurtosis: number | null;
  /** `pr` without the row of largest norm. */
  readonly prWithoutLargestRow: number | null;
}

/** Variance below this share of the squares is what rounding leaves of equal values. */
const roundingShare = 1e-26;

/** @param amplitudes [rows, k], row-major, finite. A figure that would divide by zero is null. */
export function amplitudeSpread(amplitudes: Float64Array, rows: number, k: number): AmplitudeSpread {
  const values = normalized(amplitudes);
  const centred = moments(values, rows, k, true);
  const rest = normalized(withoutLargestRow(values, amplitudes, rows, k));
  return {
    pr: participationRatio(centred),
    prUncentred: participationRatio(moments(values, rows, k, false)),
    pc1: firstShare(centred),
    kurtosis: kurtosis(values),
    prWithoutLargestRow: participationRatio(moments(rest, rows - 1, k, true)),
  };
}

/** Divided by the largest magnitude: a fit that ran off may have squares beyond the range of doubles. */
function normalized(values: Float64Array): Float64Array {
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return largest === 0 ? values : values.map((value) => value / largest);
}

/** Eigenvalues of the k x k second moments over rows, about the mean row or about zero; none below zero. */
function moments(values: Float64Array, rows: number, k: number, centre: boolean): Float64Array {
  const mean = new Float64Array(k);
  if (centre) for (let i = 0; i < rows * k; i++) mean[i % k] += values[i] / rows;
  const products = new Float64Array(k * k);
  let squares = 0;
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < k; a++) {
      squares += values[i * k + a] ** 2;
      for (let b = 0; b < k; b++) products[a * k + b] += (values[i * k + a] - mean[a]) * (values[i * k + b] - mean[b]);
    }
  }
  let trace = 0;
  for (let a = 0; a < k; a++) trace += products[a * k + a];
  if (trace <= roundingShare * squares) return new Float64Array(k);
  return symmetricEigenvalues(products, k).map((value) => Math.max(0, value));
}

function kurtosis(values: Float64Array): number | null {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let second = 0;
  let fourth = 0;
  for (const value of values) {
    const square = (value - mean) ** 2;
    second += square / values.length;
    fourth += (square * square) / values.length;
  }
  return second <= roundingShare * (mean * mean) ? null : fourth / (second * second);
}

/** @param values what the norms are taken of. @returns the rows of `amplitudes` but the one of largest norm. */
function withoutLargestRow(values: Float64Array, amplitudes: Float64Array, rows: number, k: number): Float64Array {
  let at = 0;
  let largest = -1;
  for (let i = 0; i < rows; i++) {
    const squares = values.subarray(i * k, (i + 1) * k).reduce((sum, value) => sum + value * value, 0);
    if (squares > largest) [largest, at] = [squares, i];
  }
  return amplitudes.filter((_, index) => Math.floor(index / k) !== at);
}
