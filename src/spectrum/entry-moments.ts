/** @file Mean, spread and kurtosis of entries that arrive in pieces. Knows nothing of matrices. */

import type { DenseKernels } from "../linalg/dense-kernels.js";
import { wasmKernels } from "../linalg/wasm-kernels.js";

/** Plain data: pieces measured apart can be joined. */
export interface EntryMoments {
  readonly count: number;
  readonly mean: number;
  /** Sums of the 2nd, 3rd and 4th powers of the deviations from the mean. */
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
  /** NaN or infinite entries; where there are any, the other figures are void. */
  readonly broken: number;
}

export const noMoments: EntryMoments = { count: 0, mean: 0, m2: 0, m3: 0, m4: 0, broken: 0 };

/** Entries of one pass: deviations are taken from the piece's own mean, so that a constant has none. */
const pieceLength = 1 << 16;

export function entryMoments(values: Float32Array | Float64Array, kernels: DenseKernels = wasmKernels): EntryMoments {
  let moments = noMoments;
  for (let begin = 0; begin < values.length; begin += pieceLength) {
    const end = Math.min(values.length, begin + pieceLength);
    moments = joinedMoments(moments, pieceMoments(values, begin, end, kernels));
  }
  return moments;
}

function pieceMoments(
  values: Float32Array | Float64Array,
  begin: number,
  end: number,
  kernels: DenseKernels,
): EntryMoments {
  const count = end - begin;
  const { sum, m2, m3, m4 } = kernels.powerSums(values, begin, end);
  if (!Number.isFinite(sum)) {
    let broken = 0;
    for (let i = begin; i < end; i++) if (!Number.isFinite(values[i])) broken++;
    if (broken > 0) return { ...noMoments, count, broken };
  }
  return { count, mean: sum / count, m2, m3, m4, broken: 0 };
}

/** Chan, Golub & LeVeque 1979; Pebay, SAND2008-6212, equations 3.1 to 3.3 */
export function joinedMoments(a: EntryMoments, b: EntryMoments): EntryMoments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  const shift = delta / count;
  const product = a.count * b.count;
  return {
    count,
    mean: a.mean + b.count * shift,
    m2: a.m2 + b.m2 + delta * shift * product,
    m3:
      a.m3 +
      b.m3 +
      delta * shift * shift * product * (a.count - b.count) +
      3 * shift * (a.count * b.m2 - b.count * a.m2),
    m4:
      a.m4 +
      b.m4 +
      delta * shift ** 3 * product * (a.count ** 2 - product + b.count ** 2) +
      6 * shift * shift * (a.count ** 2 * b.m2 + b.count ** 2 * a.m2) +
      4 * shift * (a.count * b.m3 - b.count * a.m3),
    broken: a.broken + b.broken,
  };
}

/** Over the number of entries, not one less. */
export const standardDeviation = ({ m2, count }: EntryMoments): number => Math.sqrt(m2 / count);
/** m4 / m2^2, 3 for a normal distribution. @returns null where all entries are equal. */
export const kurtosis = ({ m2, m4, count }: EntryMoments): number | null => (m2 > 0 ? (count * m4) / (m2 * m2) : null);
/** Frobenius norm of the entries. */
export const rootSumOfSquares = ({ m2, mean, count }: EntryMoments): number => Math.sqrt(m2 + count * mean * mean);
