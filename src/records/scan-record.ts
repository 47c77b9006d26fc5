/** @file The record of a spectral scan: one row of measures for each matrix. Knows nothing of how they are computed. */
import { z } from "zod";

/** A figure that does not exist (division by zero, NaN in the matrix) is null, with a `note` beside it. */
export const figure = z.number().nullable();
/** A key that older records lack. */
const addedFigure = figure.default(null);

export const amplitudeFitRecord = z.object({
  /** `projection`: fixed centres, amplitudes by least squares. `nonlinear`: the paper's 3K free parameters a row. */
  fit: z.enum(["projection", "nonlinear"]),
  /** K, the number of Gaussians a row; the participation ratios below are at most K. */
  components: z.number().int(),
  /** Participation ratio of the covariance of the amplitudes over rows (centred, as PCA does). */
  pr: figure,
  /** Participation ratio of A'A (not centred). */
  prUncentred: figure,
  /** `pr` of the same fit on i.i.d. normal values of the same shape. */
  prNull: figure,
  /** Share of the first principal component of the centred amplitudes, 0..1. */
  pc1: figure,
  /** Kurtosis of all amplitudes: m4 / m2^2 (3 for a normal distribution, not excess). */
  kurtosis: figure,
  /** 1 - residual sum of squares / total sum of squares of the reconstruction, over the whole matrix. */
  rSquared: figure,
  /** `pr` without the row of largest amplitude norm: what one outlying row does. */
  prWithoutLargestRow: figure,
});

/**
 * The measures of one matrix, each beside its null: what i.i.d. noise of this shape would show (`...Null`). For the measures that carry a
 * scale, noise whose entries have this matrix's root mean square, except where said otherwise.
 */
const measures = {
  /** (sum l)^2 / sum l^2 over the eigenvalues l of W'W. */
  pr: figure,
  prNull: figure,
  /** (sum s)^2 / sum s^2 over the singular values s. */
  prSingular: figure,
  prSingularNull: figure,
  /** Largest eigenvalue of W'W over the trace, 0..1. */
  pc1: figure,
  pc1Null: figure,
  /** Frobenius norm squared over spectral norm squared. */
  stableRank: figure,
  stableRankNull: addedFigure,
  /** exp of the entropy of s / sum s (Roy & Vetterli 2007). */
  effectiveRank: figure,
  effectiveRankNull: addedFigure,
  /** Singular values above max(rows, cols) * 2^-23 of the largest: NumPy's matrix_rank of the float32 matrix. */
  numericalRank: addedFigure,
  numericalRankNull: addedFigure,
  frobenius: figure,
  /** Of noise of `noiseScale`: what is above it is the energy that the bulk does not explain. */
  frobeniusNull: addedFigure,
  spectralNorm: addedFigure,
  spectralNormNull: addedFigure,
  /** Standard deviation of the entries about their mean, divided by their number. */
  entryStd: figure,
  /** `noiseScale`. */
  entryStdNull: addedFigure,
  /** Of the entries: m4 / m2^2; 3 for a normal distribution (not excess). */
  kurtosis: addedFigure,
  kurtosisNull: addedFigure,
  /** Standard deviation of the noise in the bulk, from the median singular value (Gavish & Donoho 2014). */
  noiseScale: addedFigure,
  /** Marchenko-Pastur edge of noise of `noiseScale`: the largest singular value that noise would show, at the 1% level. */
  edge: figure,
  /** Number of singular values above the edge; an estimate where the spectrum is one. */
  spikes: figure,
  spikesNull: addedFigure,
  /** Share of the sum of squares in the spikes, 0..1. */
  spikeEnergy: addedFigure,
  spikeEnergyNull: addedFigure,
  /** Exponent of the power law fitted to the tail of the eigenvalues of W'W. Clauset, Shalizi & Newman, SIAM Review 51 (2009) */
  tailExponent: addedFigure,
  tailExponentNull: addedFigure,
  /** Kolmogorov-Smirnov distance of that fit. */
  tailKs: addedFigure,
  tailKsNull: addedFigure,
  /** Number of eigenvalues in the tail, and the least of them. */
  tailCount: addedFigure,
  tailStart: addedFigure,
};

/** The singular values at some ranks (1 is the largest; the last is min(rows, cols)), beside those of noise of the same root mean square. */
const spectrumSample = z.object({
  rank: z.array(z.number().int()),
  value: z.array(z.number()),
  noise: z.array(z.number()),
});

const measured = {
  ...measures,
  /** Measure over null, by the measure's name; null where either does not exist or the null is 0. */
  ratios: z.record(z.string(), figure).default({}),
  /** How the spectrum was computed: see docs/measures.md. `none`: not at all; `norms`: only pr, pc1 and norms were wanted. */
  method: z.enum(["gram", "norms", "quadrature", "bidiagonal", "none"]).default("gram"),
  /** Standard error of a measure that is an estimate, by the measure's name; absent where all are exact but for rounding. */
  standardErrors: z.record(z.string(), z.number()).optional(),
  /** Whether the spectrum cannot be told from that of i.i.d. noise (at the 1% level); null where it was not computed. */
  noiseLike: z.boolean().nullable().default(null),
  spectrum: spectrumSample.optional(),
  note: z.string().optional(),
  amplitudes: z.array(amplitudeFitRecord).optional(),
};

export const measuresRecord = z.object(measured);

/** What fine-tuning changed: the measures of W - W_base. */
export const changeRecord = z.object({
  ...measured,
  /** Frobenius norm of W - W_base over that of W_base. */
  relativeChange: figure,
});

export const matrixScanRecord = z.object({
  /** Canonical name: the module's name without `.weight` and without a wrapper prefix; parts and experts end in `.q`, `.0`. */
  name: z.string(),
  /** Name of the tensor in the checkpoint. */
  tensor: z.string(),
  layer: z.number().int().nullable(),
  /** e.g. `attn.c_proj`; the name without layer container and number. */
  role: z.string(),
  /** Number of the expert, where there are several. */
  expert: z.number().int().nullable().default(null),
  /** Output units. */
  rows: z.number().int(),
  /** Input units. */
  cols: z.number().int(),
  /** As stored: F32, F16, BF16. */
  dtype: z.string(),
  ...measured,
  /** Only in a comparison; null where the base has no such matrix or one of another shape. */
  change: changeRecord.nullable().optional(),
});

const modelRecord = z.object({
  /** As it was asked for. */
  source: z.string(),
  /** SHA-256 over the weight files. */
  sha256: z.string(),
  architecture: z.string(),
  parameters: z.number().int(),
});

export const scanRecord = z.object({
  schema: z.literal("deadweight/scan@1"),
  /** Version of deadweight that wrote the record. */
  version: z.string(),
  model: modelRecord,
  /** Of a comparison. */
  base: modelRecord.optional(),
  /** Seed of everything that is drawn. */
  seed: z.number().int(),
  /** Who computed the spectra: "native (avx512, cc 12.2.0)"; WebAssembly where absent. */
  kernels: z.string().optional(),
  matrices: z.array(matrixScanRecord),
  /** Matrices that were left out, and why. */
  skipped: z
    .array(z.object({ tensor: z.string(), dtype: z.string(), shape: z.array(z.number()), reason: z.string() }))
    .default([]),
  /** Of the matrices with a spectrum, parts of others not counted: how many cannot be told from noise. */
  noiseCheck: z.object({ measured: z.number().int(), noiseLike: z.number().int() }).nullable().default(null),
});

export type AmplitudeFitRecord = z.infer<typeof amplitudeFitRecord>;
export type MatrixScanRecord = z.infer<typeof matrixScanRecord>;
export type ScanRecord = z.infer<typeof scanRecord>;
export type MeasuresRecord = z.infer<typeof measuresRecord>;
export type ChangeRecord = z.infer<typeof changeRecord>;
