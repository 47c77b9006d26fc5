/** @file What every measure would be if the matrix were i.i.d. noise of its shape. Knows nothing of trained weights. */
import { randomStream } from "../foundation/random.js";
import { factorCholesky } from "../linalg/cholesky.js";
import { type AmplitudeFitKind, fewestColumns, fitAmplitudes, fixedBasis } from "./amplitude-fit.js";
import { amplitudeSpread } from "./amplitude-spread.js";
import { components } from "./gaussian-row.js";
import { expectedSpectralNorm, marchenkoPasturQuantiles } from "./marchenko-pastur.js";
import { drawNoiseSpectrum } from "./noise-spectrum.js";
import { type SpectralMeasures, spectralMeasures } from "./spectral-measures.js";
import { fitTail } from "./tail-fit.js";

/** Of noise whose entries have variance 1. */
export interface SpectralNull {
  readonly pr: number;
  readonly prSingular: number;
  readonly pc1: number;
  readonly stableRank: number;
  readonly effectiveRank: number;
  readonly spectralNorm: number;
  /** Null where a spectrum is too short for a tail. */
  readonly tailExponent: number | null;
  readonly tailKs: number | null;
  /** [min(rows, cols)], descending: where the singular values lie on average. */
  readonly singular: Float64Array;
}

/** Nulls of one seed; every shape is simulated once and then remembered. */
export interface NoiseNulls {
  readonly seed: number;
  /** Within 1% of the mean over noise matrices of this shape. */
  spectral(rows: number, cols: number): SpectralNull;
  /** The amplitudes' centred participation ratio; null where a row or the fit is undetermined: a single row, too few columns. */
  amplitudePr(rows: number, cols: number, fit: AmplitudeFitKind): number | null;
}

/** Rows of noise that the nonlinear null is fitted to at most: 256 rows by 256 columns take about three seconds. */
export const mostNullRows = 256;

/** From here on Marchenko-Pastur's law itself is within 1% of the mean of every measure, and the closed form of pr within 0.1%. */
const lawfulSide = 64;

/** The exponent of a typical spectrum; more points than these move it by less than it scatters. */
const tailPoints = 512;

/**
 * (sum l)^2 / sum l^2 of noise: nm / (n + m) to first order. Trace and shape of a normal matrix are independent, so that
 * E[sum l^2 / (sum l)^2] = E[sum l^2] / E[(sum l)^2] = (n + m + 1) / (nm + 2) holds exactly; this is its inverse.
 */
export function noiseParticipationRatio(rows: number, cols: number): number {
  return (rows * cols + 2) / (rows + cols + 1);
}

/** Means over drawn spectra; the smaller the matrix, the more its figures scatter and the more draws are taken. */
function simulateSpectralNull(seed: number, n: number, m: number): SpectralNull {
  const stream = randomStream(seed, `noise null ${n}x${m}`);
  const draws = Math.max(8, Math.ceil(5000 / n));
  const singular = new Float64Array(n);
  const drawn: SpectralMeasures[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const spectrum = drawNoiseSpectrum(stream, n, m);
    for (let i = 0; i < n; i++) singular[i] += spectrum[i] / draws;
    drawn.push(spectralMeasures({ rows: n, cols: m, singular: spectrum, resolution: 0 }));
  }
  const mean = (measure: (measures: SpectralMeasures) => number | null): number | null => {
    let sum = 0;
    for (const measures of drawn) {
      const value = measure(measures);
      if (value === null) return null;
      sum += value / draws;
    }
    return sum;
  };
  return {
    pr: mean(({ pr }) => pr)!,
    prSingular: mean(({ prSingular }) => prSingular)!,
    pc1: mean(({ pc1 }) => pc1)!,
    stableRank: mean(({ stableRank }) => stableRank)!,
    effectiveRank: mean(({ effectiveRank }) => effectiveRank)!,
    spectralNorm: singular[0],
    tailExponent: mean(({ tailExponent }) => tailExponent),
    tailKs: mean(({ tailKs }) => tailKs),
    singular,
  };
}

/** The measures of the typical spectrum: eigenvalues of noise are rigid, so that means of measures are measures of the means. */
function lawfulSpectralNull(n: number, m: number): SpectralNull {
  const singular = marchenkoPasturQuantiles(n / m, n).map((value) => Math.sqrt(m * value));
  singular[0] = expectedSpectralNorm(n, m);
  const points = Math.min(n, tailPoints);
  const thinned = points === n ? singular : singular.filter((_, i) => (i * points) % n < points);
  const { prSingular, effectiveRank } = spectralMeasures({ rows: n, cols: m, singular, resolution: 0 });
  const tail = fitTail(thinned.map((value) => value * value));
  const pc1 = singular[0] ** 2 / (n * m);
  return {
    pr: noiseParticipationRatio(n, m),
    prSingular: prSingular!,
    pc1,
    stableRank: 1 / pc1,
    effectiveRank: effectiveRank!,
    spectralNorm: singular[0],
    tailExponent: tail?.exponent ?? null,
    tailKs: tail?.ks ?? null,
    singular,
  };
}

/** Projected rows of noise are normal with covariance P P': they are drawn directly, P the projection. */
function simulateProjectionNull(seed: number, rows: number, cols: number): number | null {
  const { projection } = fixedBasis(cols);
  const k = components;
  const factor = new Float64Array(k * k);
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      for (let j = 0; j < cols; j++) factor[a * k + b] += projection[a * cols + j] * projection[b * cols + j];
    }
  }
  factorCholesky(factor, k);
  const stream = randomStream(seed, `projection null ${rows}x${cols}`);
  const draws = Math.min(2000, Math.max(4, Math.ceil(20_000 / rows)));
  const values = new Float64Array(rows * k);
  const normal = new Float64Array(k);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < rows; i++) {
      for (let a = 0; a < k; a++) normal[a] = stream.normal();
      for (let a = 0; a < k; a++) {
        let value = 0;
        for (let b = 0; b <= a; b++) value += factor[a * k + b] * normal[b];
        values[i * k + a] = value;
      }
    }
    sum += amplitudeSpread(values, rows, k).pr! / draws;
  }
  return sum;
}

/**
 * One draw, dominated by the rows that run off: it lies near 1 whatever the seed. Scale does not matter, since the fit's path is the
 * same for a multiple of the data.
 */
function simulateNonlinearNull(seed: number, rows: number, cols: number): number | null {
  const fitted = Math.min(rows, mostNullRows);
  const noise = new Float32Array(fitted * cols);
  randomStream(seed, `nonlinear null ${fitted}x${cols}`).fillNormal(noise, 1);
  return amplitudeSpread(fitAmplitudes(noise, fitted, cols, "nonlinear").values, fitted, components).pr;
}

export function openNoiseNulls(seed: number): NoiseNulls {
  const spectra = new Map<string, SpectralNull>();
  const amplitudes = new Map<string, number | null>();
  return {
    seed,
    spectral(rows, cols) {
      const [n, m] = rows < cols ? [rows, cols] : [cols, rows];
      return remembered(spectra, `${n}x${m}`, () =>
        n < lawfulSide ? simulateSpectralNull(seed, n, m) : lawfulSpectralNull(n, m),
      );
    },
    amplitudePr(rows, cols, fit) {
      if (cols < fewestColumns(fit) || rows < 2) return null;
      const counted = fit === "nonlinear" ? Math.min(rows, mostNullRows) : rows;
      const simulate = fit === "nonlinear" ? simulateNonlinearNull : simulateProjectionNull;
      return remembered(amplitudes, `${fit} ${counted}x${cols}`, () => simulate(seed, counted, cols));
    },
  };
}

function remembered<T>(memory: Map<string, T>, key: string, compute: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const value = compute();
  memory.set(key, value);
  return value;
}
