/** @file All measures of a spectrum. Knows nothing of matrices, of their entries or of nulls. */
import { noiseBulk } from "./marchenko-pastur.js";
import { entropyRank, firstShare, participationRatio } from "./participation-ratio.js";
import { fitTail } from "./tail-fit.js";

/** The singular values of a matrix, or an estimate of their distribution. */
export interface Spectrum {
  readonly rows: number;
  readonly cols: number;
  /** Descending. */
  readonly singular: Float64Array;
  /** How often each occurs, min(rows, cols) in all; once where absent. */
  readonly weights?: Float64Array;
  /** Values below this share of the largest are rounding. */
  readonly resolution: number;
}

export interface SpectralMeasures {
  readonly pr: number | null;
  readonly prSingular: number | null;
  readonly pc1: number | null;
  readonly stableRank: number | null;
  readonly effectiveRank: number | null;
  readonly numericalRank: number;
  readonly spectralNorm: number;
  readonly noiseScale: number | null;
  readonly edge: number | null;
  readonly spikes: number | null;
  readonly spikeEnergy: number | null;
  readonly tailExponent: number | null;
  readonly tailKs: number | null;
  readonly tailCount: number | null;
  readonly tailStart: number | null;
}

/** Unit roundoff by which NumPy's matrix_rank judges a float32 matrix. */
const rankEpsilon = 2 ** -23;

export function spectralMeasures(spectrum: Spectrum): SpectralMeasures {
  const { rows, cols, singular, weights, resolution } = spectrum;
  const eigenvalues = singular.map((value) => value * value);
  const largest = singular[0];
  const pc1 = firstShare(eigenvalues, weights);
  const bulk = noiseBulk(singular, rows, cols, resolution * largest, weights);
  const tolerance = Math.max(rows, cols) * rankEpsilon * largest;
  let numericalRank = 0;
  let counted = 0;
  for (const [i, value] of singular.entries()) {
    if (value <= tolerance) break;
    numericalRank += weights?.[i] ?? 1;
    counted = i + 1;
  }
  const tail = fitTail(eigenvalues.subarray(0, counted), weights?.subarray(0, counted));
  return {
    pr: participationRatio(eigenvalues, weights),
    prSingular: participationRatio(singular, weights),
    pc1,
    stableRank: pc1 === null ? null : 1 / pc1,
    effectiveRank: entropyRank(singular, weights),
    numericalRank,
    spectralNorm: largest,
    noiseScale: bulk?.scale ?? null,
    edge: bulk?.edge ?? null,
    spikes: bulk?.spikes ?? null,
    spikeEnergy: bulk?.spikeEnergy ?? null,
    tailExponent: tail?.exponent ?? null,
    tailKs: tail?.ks ?? null,
    tailCount: tail?.count ?? null,
    tailStart: tail?.start ?? null,
  };
}
