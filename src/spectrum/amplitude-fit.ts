/** @file The amplitudes of each row's Gaussians, by either fit. Knows nothing of what is measured on them. */
import { ShapeError } from "../foundation/errors.js";
import { pseudoInverse } from "../linalg/least-squares.js";
import { levenbergMarquardt } from "../linalg/levenberg-marquardt.js";
import type { AmplitudeFitRecord } from "../records/scan-record.js";
import { components, fillGaussian, gaussianRowModel, startingGrid } from "./gaussian-row.js";

export type AmplitudeFitKind = AmplitudeFitRecord["fit"];

/**
 * Bound of the nonlinear fit. SciPy's curve_fit stops after 200 (n + 1) evaluations, which is 200 iterations when derivatives come
 * from n finite differences. On rows of noise four of five fits reach either bound, still creeping along a valley.
 */
export const mostIterations = 200;

/** Fewer columns than parameters a row leave the fit undetermined; SciPy refuses them too. */
export function fewestColumns(fit: AmplitudeFitKind): number {
  return fit === "nonlinear" ? 3 * components : components;
}

export interface Amplitudes {
  /** [rows, K], row-major, K = components. */
  readonly values: Float64Array;
  /** Sum over the matrix of squared residuals of the reconstruction. */
  readonly residualSquares: number;
  /** Rows whose nonlinear fit had not converged at its bound; their last, best amplitudes are kept. */
  readonly unfinishedRows: number;
}

/**
 * The linear map from a row to its amplitudes in the fixed basis.
 * @returns basis [K, cols] and projection [K, cols]: amplitudes = projection times row. @throws ShapeError where cols < K.
 */
export function fixedBasis(cols: number): { basis: Float64Array; projection: Float64Array } {
  if (cols < components) throw new ShapeError(`amplitudes: ${cols} columns cannot determine ${components} Gaussians.`);
  const { centres, width } = startingGrid(cols);
  const basis = new Float64Array(components * cols);
  const columns = new Float64Array(cols * components);
  for (let k = 0; k < components; k++) {
    fillGaussian(basis, k * cols, cols, { centre: centres[k], width });
    for (let j = 0; j < cols; j++) columns[j * components + k] = basis[k * cols + j];
  }
  return { basis, projection: pseudoInverse(columns, cols, components) };
}

/**
 * `projection`: fixed centres and widths, amplitudes by least squares. `nonlinear`: amplitudes, centres and widths of each row by
 * Levenberg-Marquardt from the projection; it may run off to amplitudes that cancel, as the paper's fit did, and is kept so.
 * @param w [rows, cols], row-major, finite. @throws ShapeError where cols < K.
 */
export function fitAmplitudes(w: Float32Array, rows: number, cols: number, fit: AmplitudeFitKind): Amplitudes {
  const { basis, projection } = fixedBasis(cols);
  const { centres, width } = startingGrid(cols);
  const values = new Float64Array(rows * components);
  const row = new Float64Array(cols);
  const model = gaussianRowModel(row);
  const start = new Float64Array(3 * components);
  let residualSquares = 0;
  let unfinishedRows = 0;
  for (let i = 0; i < rows; i++) {
    row.set(w.subarray(i * cols, (i + 1) * cols));
    const amplitudes = values.subarray(i * components, (i + 1) * components);
    project(projection, row, amplitudes);
    if (fit === "projection") {
      residualSquares += residualOf(basis, row, amplitudes);
      continue;
    }
    for (let k = 0; k < components; k++) start.set([amplitudes[k], centres[k], width], 3 * k);
    const { parameters, squares, converged } = levenbergMarquardt(model, start, { mostIterations });
    for (let k = 0; k < components; k++) amplitudes[k] = parameters[3 * k];
    residualSquares += squares;
    if (!converged) unfinishedRows++;
  }
  return { values, residualSquares, unfinishedRows };
}

function project(projection: Float64Array, row: Float64Array, amplitudes: Float64Array): void {
  const cols = row.length;
  for (let k = 0; k < components; k++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += projection[k * cols + j] * row[j];
    amplitudes[k] = sum;
  }
}

function residualOf(basis: Float64Array, row: Float64Array, amplitudes: Float64Array): number {
  const cols = row.length;
  let squares = 0;
  for (let j = 0; j < cols; j++) {
    let residual = row[j];
    for (let k = 0; k < components; k++) residual -= amplitudes[k] * basis[k * cols + j];
    squares += residual * residual;
  }
  return squares;
}
