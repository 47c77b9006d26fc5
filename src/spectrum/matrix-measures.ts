/** @file All measures of one matrix that lies in memory. Knows nothing of names or checkpoints. */
import { transposedValues } from "../checkpoint/region-values.js";
import { ShapeError } from "../foundation/errors.js";
import type { DenseKernels } from "../linalg/dense-kernels.js";
import type { MeasuresRecord } from "../records/scan-record.js";
import type { AmplitudeFitKind } from "./amplitude-fit.js";
import { absentAmplitudes, measureAmplitudes } from "./amplitude-measures.js";
import { entryMoments } from "./entry-moments.js";
import { brokenFindings, findingsOf } from "./findings.js";
import { measuresWithNulls } from "./measures-with-nulls.js";
import type { AmplitudeChoice, Depth } from "./measuring.js";
import type { NoiseNulls } from "./noise-null.js";

export type MatrixMeasures = { readonly rows: number; readonly cols: number } & MeasuresRecord;

export interface MeasureOptions {
  /** Shared by all matrices of a scan: shapes recur. Their seed is that of all that is drawn. */
  readonly nulls: NoiseNulls;
  readonly depth?: Depth;
  readonly amplitudes?: AmplitudeChoice;
  /** Who computes Gram matrices; WebAssembly by default. */
  readonly kernels?: DenseKernels;
  /** Whether `w` is [input, output]. */
  readonly transposed?: boolean;
}

const fitsOf: Readonly<Record<AmplitudeChoice, readonly AmplitudeFitKind[]>> = {
  none: [],
  projection: ["projection"],
  both: ["projection", "nonlinear"],
};

/**
 * @param w [wRows, wCols], row-major, output x input unless `transposed`. A figure that does not exist is null and a note says why.
 * @returns `rows` are output units, `cols` input units. @throws ShapeError where the length does not fit.
 */
export function measureMatrix(
  w: Float32Array | Float64Array,
  wRows: number,
  wCols: number,
  { nulls, depth = "full", amplitudes = "projection", transposed = false, kernels }: MeasureOptions,
): MatrixMeasures {
  if (w.length !== wRows * wCols || w.length === 0) {
    throw new ShapeError(`matrix measures: ${w.length} values do not make a matrix of ${wRows} x ${wCols}.`);
  }
  const [rows, cols] = transposed ? [wCols, wRows] : [wRows, wCols];
  const moments = entryMoments(w, kernels);
  const broken = moments.broken > 0;
  const findings = broken
    ? brokenFindings(moments)
    : findingsOf(w, wRows, wCols, moments, { depth, seed: nulls.seed, ...(kernels && { kernels }) });
  const fits = fitsOf[amplitudes].map((fit) => {
    if (broken) return { record: absentAmplitudes(fit), notes: [] };
    const outputs = Float32Array.from(transposed ? transposedValues(w, wRows, wCols) : w);
    return measureAmplitudes(outputs, rows, cols, fit, nulls);
  });
  const measured = {
    ...{ rows, cols, moments, findings },
    amplitudes: fits.map(({ record }) => record),
    notes: fits.flatMap(({ notes }) => notes),
  };
  return { rows, cols, ...measuresWithNulls(measured, nulls.spectral(rows, cols)) };
}
