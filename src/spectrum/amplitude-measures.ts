/** @file The record of one amplitude fit of one matrix. Knows nothing of the matrix's spectrum. */
import type { AmplitudeFitRecord } from "../records/scan-record.js";
import { type AmplitudeFitKind, fewestColumns, fitAmplitudes, mostIterations } from "./amplitude-fit.js";
import { amplitudeSpread } from "./amplitude-spread.js";
import { components } from "./gaussian-row.js";
import { mostNullRows, type NoiseNulls } from "./noise-null.js";

export interface AmplitudeMeasures {
  readonly record: AmplitudeFitRecord;
  /** What a reader must know about the figures; empty where nothing. */
  readonly notes: readonly string[];
}

/** The record of a fit that cannot be made. */
export function absentAmplitudes(fit: AmplitudeFitKind): AmplitudeFitRecord {
  return {
    fit,
    components,
    pr: null,
    prUncentred: null,
    prNull: null,
    pc1: null,
    kurtosis: null,
    rSquared: null,
    prWithoutLargestRow: null,
  };
}

/** @param w [rows, cols], row-major, finite. */
export function measureAmplitudes(
  w: Float32Array,
  rows: number,
  cols: number,
  fit: AmplitudeFitKind,
  nulls: NoiseNulls,
): AmplitudeMeasures {
  if (cols < fewestColumns(fit)) {
    return {
      record: absentAmplitudes(fit),
      notes: [`${fit} fit: ${cols} columns cannot determine ${components} Gaussians`],
    };
  }
  const { values, residualSquares, unfinishedRows } = fitAmplitudes(w, rows, cols, fit);
  const mean = w.reduce((sum, value) => sum + value, 0) / w.length;
  const totalSquares = w.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const notes: string[] = [];
  if (unfinishedRows > 0) {
    notes.push(`${fit} fit: ${unfinishedRows} of ${rows} rows had not converged after ${mostIterations} iterations`);
  }
  if (fit === "nonlinear" && rows > mostNullRows) notes.push(`${fit} null: fitted to ${mostNullRows} rows`);
  const record = {
    fit,
    components,
    ...amplitudeSpread(values, rows, components),
    prNull: nulls.amplitudePr(rows, cols, fit),
    rSquared: totalSquares > 0 ? 1 - residualSquares / totalSquares : null,
  };
  return { record, notes };
}
