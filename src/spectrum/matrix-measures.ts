/** @file All measures of one matrix that lies in memory. Knows nothing of names or checkpoints. */
import { ShapeError } from "../foundation/errors.js";
import { singularValues } from "../linalg/singular-values.js";
import type { MeasuresRecord } from "../records/scan-record.js";
import type { AmplitudeFitKind } from "./amplitude-fit.js";
import { absentAmplitudes, measureAmplitudes } from "./amplitude-measures.js";
import { entryMoments, noMoments } from "./entry-moments.js";
import { measuresWithNulls } from "./measures-with-nulls.js";
import type { NoiseNulls } from "./noise-null.js";

/** Which amplitude fits are made. `both` takes seconds a matrix; a large embedding, minutes. */
export type AmplitudeChoice = "none" | "projection" | "both";

export type MatrixMeasures = { readonly rows: number; readonly cols: number } & MeasuresRecord;

export interface MeasureOptions {
  /** Shared by all matrices of a scan: shapes recur. */
  readonly nulls: NoiseNulls;
  readonly amplitudes?: AmplitudeChoice;
}

/** Singular values come from a float64 Gram matrix: below this share of the largest they are rounding. */
export const gramResolution = 1e-7;

export const fitsOf: Readonly<Record<AmplitudeChoice, readonly AmplitudeFitKind[]>> = {
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
  const moments = entryMoments(w);
  if (moments.broken > 0) return unmeasured(rows, cols, brokenNote(moments), { nulls, amplitudes });
  const spectrum = { rows, cols, singular: singularValues(w, rows, cols), resolution: gramResolution };
  const fits = fitsOf[amplitudes].map((fit) => measureAmplitudes(w, rows, cols, fit, nulls));
  const measured = {
    ...{ rows, cols, moments, findings: { kind: "spectrum", method: "gram", spectrum } as const },
    amplitudes: fits.map(({ record }) => record),
    notes: fits.flatMap((fit) => fit.notes),
  };
  return { rows, cols, ...measuresWithNulls(measured, nulls.spectral(rows, cols)) };
}

export const brokenNote = ({ broken, count }: { readonly broken: number; readonly count: number }): string =>
  `${broken} of ${count} entries are NaN or infinite`;

/** The measures of a matrix whose values are unusable: what depends on them is null. */
export function unmeasured(
  rows: number,
  cols: number,
  note: string,
  { nulls, amplitudes = "projection" }: MeasureOptions,
): MatrixMeasures {
  const fits = fitsOf[amplitudes].map((fit) => absentAmplitudes(fit));
  const measured = { rows, cols, moments: noMoments, findings: { kind: "nothing", note } as const, amplitudes: fits };
  return { rows, cols, ...measuresWithNulls(measured, nulls.spectral(rows, cols)) };
}
