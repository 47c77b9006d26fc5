/** @file All measures of one matrix. Knows nothing of names or checkpoints. */
import { ShapeError } from "../foundation/errors.js";
import { singularValues } from "../linalg/singular-values.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import type { AmplitudeFitKind } from "./amplitude-fit.js";
import { absentAmplitudes, measureAmplitudes } from "./amplitude-measures.js";
import { noiseBulk } from "./marchenko-pastur.js";
import type { NoiseNulls } from "./noise-null.js";
import { entropyRank, firstShare, participationRatio } from "./participation-ratio.js";

/** Which amplitude fits are made. `both` takes seconds a matrix; a large embedding, minutes. */
export type AmplitudeChoice = "none" | "projection" | "both";

export type MatrixMeasures = Omit<MatrixScanRecord, "name" | "tensor" | "layer" | "role" | "dtype">;

export interface MeasureOptions {
  /** Shared by all matrices of a scan: shapes recur. */
  readonly nulls: NoiseNulls;
  readonly amplitudes?: AmplitudeChoice;
}

/** Singular values come from a float64 Gram matrix: below this share of the largest they are rounding. */
const resolution = 1e-7;

const fitsOf: Readonly<Record<AmplitudeChoice, readonly AmplitudeFitKind[]>> = {
  none: [],
  projection: ["projection"],
  both: ["projection", "nonlinear"],
};

/**
 * @param w [rows, cols], row-major, output x input. A figure that does not exist is null and a note says why.
 * @throws ShapeError where the length does not fit.
 */
export function measureMatrix(
  w: Float32Array,
  rows: number,
  cols: number,
  { nulls, amplitudes = "projection" }: MeasureOptions,
): MatrixMeasures {
  if (w.length !== rows * cols || w.length === 0) {
    throw new ShapeError(`matrix measures: ${w.length} values do not make a matrix of ${rows} x ${cols}.`);
  }
  const broken = w.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  if (broken > 0)
    return unmeasured(rows, cols, `${broken} of ${w.length} entries are NaN or infinite`, { nulls, amplitudes });
  const notes: string[] = [];
  const singular = singularValues(w, rows, cols);
  const eigenvalues = singular.map((value) => value * value);
  const bulk = noiseBulk(singular, rows, cols, resolution * singular[0]);
  const pc1 = firstShare(eigenvalues);
  if (singular[0] === 0) notes.push("all entries are zero");
  else if (bulk === null) notes.push("a single row or column has no noise bulk");
  else if (bulk.scale === 0) notes.push("at least half of the singular values are zero: the noise scale is 0");
  const fits = fitsOf[amplitudes].map((fit) => measureAmplitudes(w, rows, cols, fit, nulls));
  for (const fit of fits) notes.push(...fit.notes);
  return {
    ...shapeFigures(rows, cols, nulls),
    pr: participationRatio(eigenvalues),
    prSingular: participationRatio(singular),
    pc1,
    stableRank: pc1 === null ? null : 1 / pc1,
    effectiveRank: entropyRank(singular),
    edge: bulk?.edge ?? null,
    spikes: bulk?.spikes ?? null,
    frobenius: Math.sqrt(w.reduce((sum, value) => sum + value * value, 0)),
    entryStd: standardDeviation(w),
    ...(notes.length > 0 && { note: notes.join("; ") }),
    ...(fits.length > 0 && { amplitudes: fits.map(({ record }) => record) }),
  };
}

/** The measures of a matrix whose values are unusable: what depends on them is null. */
export function unmeasured(
  rows: number,
  cols: number,
  note: string,
  { nulls, amplitudes = "projection" }: MeasureOptions,
): MatrixMeasures {
  const fits = fitsOf[amplitudes].map((fit) => absentAmplitudes(fit));
  return {
    ...shapeFigures(rows, cols, nulls),
    pr: null,
    prSingular: null,
    pc1: null,
    stableRank: null,
    effectiveRank: null,
    edge: null,
    spikes: null,
    frobenius: null,
    entryStd: null,
    note,
    ...(fits.length > 0 && { amplitudes: fits }),
  };
}

function shapeFigures(rows: number, cols: number, nulls: NoiseNulls) {
  const expected = nulls.spectral(rows, cols);
  return { rows, cols, prNull: expected.pr, prSingularNull: expected.prSingular, pc1Null: expected.pc1 };
}

function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
