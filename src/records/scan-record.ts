/** @file The record of a spectral scan: one row of measures for each matrix. Knows nothing of how they are computed. */
import { z } from "zod";

/** A figure that does not exist (division by zero, NaN in the matrix) is null, with a `note` beside it. */
export const figure = z.number().nullable();

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

export const matrixScanRecord = z.object({
  /** Canonical name: the module's name without `.weight` and without a wrapper prefix. */
  name: z.string(),
  /** Name of the tensor in the checkpoint. */
  tensor: z.string(),
  layer: z.number().int().nullable(),
  /** e.g. `attn.c_proj`; the name without layer container and number. */
  role: z.string(),
  /** Output units. */
  rows: z.number().int(),
  /** Input units. */
  cols: z.number().int(),
  /** As stored: F32, F16, BF16. */
  dtype: z.string(),
  /** (sum l)^2 / sum l^2 over the eigenvalues l of W'W. */
  pr: figure,
  /** `pr` of i.i.d. noise of this shape. */
  prNull: figure,
  /** (sum s)^2 / sum s^2 over the singular values s. */
  prSingular: figure,
  prSingularNull: figure,
  /** Largest eigenvalue of W'W over the trace, 0..1. */
  pc1: figure,
  pc1Null: figure,
  /** Frobenius norm squared over spectral norm squared. */
  stableRank: figure,
  /** exp of the entropy of s / sum s (Roy & Vetterli 2007). */
  effectiveRank: figure,
  /** Marchenko-Pastur edge of noise with this matrix's entry scale: the largest singular value that noise would show. */
  edge: figure,
  /** Number of singular values above the edge. */
  spikes: z.number().int().nullable(),
  frobenius: figure,
  entryStd: figure,
  note: z.string().optional(),
  amplitudes: z.array(amplitudeFitRecord).optional(),
});

export const scanRecord = z.object({
  schema: z.literal("deadweight/scan@1"),
  /** Version of deadweight that wrote the record. */
  version: z.string(),
  model: z.object({
    source: z.string(),
    /** SHA-256 over the weight files. */
    sha256: z.string(),
    architecture: z.string(),
    parameters: z.number().int(),
  }),
  /** Seed of the noise nulls. */
  seed: z.number().int(),
  matrices: z.array(matrixScanRecord),
});

export type AmplitudeFitRecord = z.infer<typeof amplitudeFitRecord>;
export type MatrixScanRecord = z.infer<typeof matrixScanRecord>;
export type ScanRecord = z.infer<typeof scanRecord>;
