/** @file The spectrum of a large matrix by block Krylov iteration and stochastic Lanczos quadrature. Knows nothing of measures. */
import type { RandomStream } from "../foundation/random.js";
import { blockWidth } from "./dense-kernels.js";
import type { HeldMatrix } from "./held-matrix.js";
import { leadingEigenvectors } from "./symmetric-eigen.js";

/** A distribution of eigenvalues: how often each node occurs. */
export interface Quadrature {
  /** Descending, not negative. */
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

export interface SpectralEstimate {
  /** The largest eigenvalues, descending, each within 1e-3 of the truth and mostly far better: they count once and are not estimated. */
  readonly leading: Float64Array;
  /** Of the rest, one for each probe, weights adding up to their number. */
  readonly probes: readonly Quadrature[];
}

/** Products that find the leading eigenvectors, and those of the quadrature. Measured on 4,096 columns; see docs/log.md. */
const krylovSteps = 12;
const quadratureSteps = 48;
/** Residual over value at which an eigenvector counts as found: the value's own error is about the square. */
const foundResidual = 0.03;

/**
 * The leading eigenvectors of the Gram matrix are found first and taken out; what a few strong components would do to the variance
 * of random probes is then exact. The rest is estimated from four random vectors.
 * Ubaru, Chen & Saad, SIAM J. Matrix Anal. 38 (2017); Musco & Musco, NIPS 2015; Meyer et al., SOSA 2021 (Hutch++)
 */
export function estimateSpectrum(matrix: HeldMatrix, stream: RandomStream): SpectralEstimate {
  const found = leadingPairs(matrix, stream);
  const { n } = matrix;
  if (found.values.length === n) return { leading: found.values, probes: [] };
  const starts = Array.from({ length: blockWidth }, () => randomUnit(stream, n, found.vectors));
  const probes = lanczosQuadratures(matrix, starts, found.vectors).map(({ nodes, weights }) => ({
    nodes,
    weights: weights.map((weight) => weight * (n - found.values.length)),
  }));
  return { leading: found.values, probes };
}

type Vectors = Float64Array[];

function leadingPairs(matrix: HeldMatrix, stream: RandomStream): { values: Float64Array; vectors: Vectors } {
  const { n } = matrix;
  const basis: Vectors = [];
  const images: Vectors = [];
  let block: Vectors = Array.from({ length: blockWidth }, () => randomUnit(stream, n, []));
  for (let step = 0; step < krylovSteps && basis.length < n; step++) {
    const begin = basis.length;
    for (const vector of block) if (orthogonalize(vector, basis)) basis.push(vector);
    if (basis.length === begin) break;
    const image = times(matrix, basis.slice(begin));
    images.push(...image);
    block = image.map((vector) => vector.slice());
  }
  const size = images.length;
  const projected = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) projected[i * size + j] = dot(basis[i], images[j]);
  // Rounding leaves it almost symmetric.
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) projected[j * size + i] = (projected[j * size + i] + projected[i * size + j]) / 2;
  }
  const ritz = leadingEigenvectors(projected, size, size);
  const vectors: Vectors = [];
  for (let k = 0; k < size; k++) {
    const vector = combination(basis, ritz.vectors, k, size);
    const residual = combination(images, ritz.vectors, k, size);
    for (let i = 0; i < n; i++) residual[i] -= ritz.values[k] * vector[i];
    if (!(ritz.values[k] > 0) || norm(residual) > foundResidual * ritz.values[k]) break;
    vectors.push(vector);
  }
  return { values: ritz.values.slice(0, vectors.length), vectors };
}

/** One Lanczos run for each start, in step, with full reorthogonalization. Golub & Welsch, Math. Comp. 23 (1969) */
function lanczosQuadratures(matrix: HeldMatrix, starts: Vectors, removed: Vectors): Quadrature[] {
  const steps = Math.min(quadratureSteps, matrix.n - removed.length);
  const runs = starts.map((start) => ({
    basis: [start],
    diagonal: [] as number[],
    offDiagonal: [] as number[],
    done: false,
  }));
  for (let step = 0; step < steps && runs.some(({ done }) => !done); step++) {
    const images = times(
      matrix,
      runs.map(({ basis }) => basis[basis.length - 1]),
    );
    for (const [p, run] of runs.entries()) {
      if (run.done) continue;
      const next = images[p];
      const alpha = dot(run.basis[step], next);
      run.diagonal.push(alpha);
      for (let pass = 0; pass < 2; pass++) {
        subtractProjection(next, removed);
        subtractProjection(next, run.basis);
      }
      const beta = norm(next);
      run.done = step + 1 === steps || beta <= 1e-6 * Math.abs(run.diagonal[0]);
      if (run.done) continue;
      run.offDiagonal.push(beta);
      run.basis.push(next.map((value) => value / beta));
    }
  }
  return runs.map(({ diagonal, offDiagonal }) => gaussQuadrature(diagonal, offDiagonal));
}

/** Nodes are the eigenvalues of the tridiagonal matrix, weights the squared first components of its eigenvectors. */
function gaussQuadrature(diagonal: readonly number[], offDiagonal: readonly number[]): Quadrature {
  const size = diagonal.length;
  const t = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    t[i * size + i] = diagonal[i];
    if (i + 1 < size) t[i * size + i + 1] = t[(i + 1) * size + i] = offDiagonal[i];
  }
  const { values, vectors } = leadingEigenvectors(t, size, size);
  return { nodes: values.map((value) => Math.max(0, value)), weights: values.map((_, j) => vectors[j] ** 2) };
}

/** @returns four images, interleaved on the way as the kernels want it. */
function times(matrix: HeldMatrix, vectors: Vectors): Vectors {
  const { n } = matrix;
  const x = new Float64Array(n * blockWidth);
  for (const [p, vector] of vectors.entries()) for (let i = 0; i < n; i++) x[i * blockWidth + p] = vector[i];
  const y = matrix.gramTimes(x);
  return vectors.map((_, p) => Float64Array.from({ length: n }, (_, i) => y[i * blockWidth + p]));
}

function randomUnit(stream: RandomStream, n: number, removed: Vectors): Float64Array {
  const vector = new Float64Array(n);
  for (let i = 0; i < n; i++) vector[i] = stream.normal();
  subtractProjection(vector, removed);
  const length = norm(vector);
  return vector.map((value) => value / length);
}

/** Makes it a unit vector orthogonal to the basis. @returns false where nothing is left. */
function orthogonalize(vector: Float64Array, basis: Vectors): boolean {
  const before = norm(vector);
  for (let pass = 0; pass < 2; pass++) subtractProjection(vector, basis);
  const after = norm(vector);
  if (!(after > 1e-6 * before)) return false;
  for (let i = 0; i < vector.length; i++) vector[i] /= after;
  return true;
}

function subtractProjection(vector: Float64Array, basis: Vectors): void {
  for (const direction of basis) {
    const overlap = dot(direction, vector);
    for (let i = 0; i < vector.length; i++) vector[i] -= overlap * direction[i];
  }
}

function combination(basis: Vectors, coefficients: Float64Array, column: number, size: number): Float64Array {
  const result = new Float64Array(basis[0].length);
  for (let k = 0; k < size; k++) {
    const factor = coefficients[k * size + column];
    for (let i = 0; i < result.length; i++) result[i] += factor * basis[k][i];
  }
  return result;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

const norm = (x: Float64Array): number => Math.sqrt(dot(x, x));
