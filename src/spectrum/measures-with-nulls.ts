/** @file The measures of one matrix beside their nulls, as they stand in the record. Knows nothing of how a spectrum is found. */
import { comparedMeasures } from "../records/compared-measures.js";
import type { AmplitudeFitRecord, MeasuresRecord } from "../records/scan-record.js";
import { type EntryMoments, kurtosis, rootSumOfSquares, standardDeviation } from "./entry-moments.js";
import { noiseParticipationRatio, type SpectralNull } from "./noise-null.js";
import { type Spectrum, spectralMeasures } from "./spectral-measures.js";

/** What is known of the singular values: all of them, an estimate, only what the Gram matrix itself tells, or nothing. */
export type Findings =
  | { readonly kind: "spectrum"; readonly method: "gram" | "bidiagonal"; readonly spectrum: Spectrum }
  | { readonly kind: "estimate"; readonly spectrum: Spectrum; readonly byProbe: readonly Spectrum[] }
  | { readonly kind: "norms"; readonly pr: number | null; readonly spectralNorm: number }
  | { readonly kind: "nothing"; readonly note: string };

export interface MeasuredMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly moments: EntryMoments;
  readonly findings: Findings;
  readonly amplitudes?: readonly AmplitudeFitRecord[];
  readonly notes?: readonly string[];
}

type Figures = Pick<
  MeasuresRecord,
  (typeof comparedMeasures)[number] | "noiseScale" | "edge" | "tailCount" | "tailStart"
>;

const noFigures: Figures = {
  pr: null,
  prSingular: null,
  pc1: null,
  stableRank: null,
  effectiveRank: null,
  numericalRank: null,
  frobenius: null,
  spectralNorm: null,
  entryStd: null,
  kurtosis: null,
  noiseScale: null,
  edge: null,
  spikes: null,
  spikeEnergy: null,
  tailExponent: null,
  tailKs: null,
  tailCount: null,
  tailStart: null,
};

export function measuresWithNulls(measured: MeasuredMatrix, expected: SpectralNull): MeasuresRecord {
  const { rows, cols, findings, amplitudes, notes = [] } = measured;
  const figures = figuresOf(measured);
  const side = Math.min(rows, cols);
  const rms = figures.frobenius === null ? null : figures.frobenius / Math.sqrt(rows * cols);
  const { noiseScale } = figures;
  const nulls = {
    prNull: expected.pr,
    prSingularNull: expected.prSingular,
    pc1Null: expected.pc1,
    stableRankNull: expected.stableRank,
    effectiveRankNull: expected.effectiveRank,
    numericalRankNull: side,
    frobeniusNull: noiseScale === null ? null : noiseScale * Math.sqrt(rows * cols),
    spectralNormNull: rms === null ? null : rms * expected.spectralNorm,
    entryStdNull: noiseScale,
    kurtosisNull: 3,
    spikesNull: 0,
    spikeEnergyNull: 0,
    tailExponentNull: expected.tailExponent,
    tailKsNull: expected.tailKs,
  };
  const ratios: Record<string, number | null> = {};
  for (const name of comparedMeasures) ratios[name] = ratio(figures[name], nulls[`${name}Null`]);
  const allNotes = [...notes, ...notesOn(measured, figures)];
  return {
    ...figures,
    ...nulls,
    ratios,
    method: methodOf(findings),
    ...(findings.kind === "estimate" && { standardErrors: standardErrors(findings.byProbe) }),
    noiseLike: isNoiseLike(rows, cols, figures),
    ...("spectrum" in findings && rms !== null && { spectrum: sampleOf(findings.spectrum, expected.singular, rms) }),
    ...(allNotes.length > 0 && { note: allNotes.join("; ") }),
    ...(amplitudes && amplitudes.length > 0 && { amplitudes: [...amplitudes] }),
  };
}

function figuresOf({ moments, findings }: MeasuredMatrix): Figures {
  if (findings.kind === "nothing") return noFigures;
  const frobenius = rootSumOfSquares(moments);
  const entries = { frobenius, entryStd: standardDeviation(moments), kurtosis: kurtosis(moments) };
  if (findings.kind === "spectrum") return { ...noFigures, ...spectralMeasures(findings.spectrum), ...entries };
  const { pr, spectralNorm, ...others } =
    findings.kind === "estimate" ? spectralMeasures(findings.spectrum) : { ...noFigures, ...findings };
  const pc1 = frobenius > 0 ? (spectralNorm / frobenius) ** 2 : null;
  const exact = { pr, spectralNorm, pc1, stableRank: pc1 === null ? null : 1 / pc1 };
  return { ...noFigures, ...others, ...exact, ...entries };
}

function methodOf(findings: Findings): MeasuresRecord["method"] {
  switch (findings.kind) {
    case "spectrum":
      return findings.method;
    case "estimate":
      return "quadrature";
    case "norms":
      return "norms";
    case "nothing":
      return "none";
    default:
      return findings satisfies never;
  }
}

function ratio(value: number | null, expected: number | null): number | null {
  return value === null || expected === null || expected === 0 ? null : value / expected;
}

/** Below this side the law of pr under noise is too far from normal to judge by. */
const judgedSide = 8;
/** Standard deviations that noise keeps to in 99.7%; with the 1% of the spikes the level is about 1%. */
const mostDeviations = 3;

/**
 * No spike, and pr where i.i.d. entries of this kurtosis put it: sum l^2 has mean nm (n + m - 2 + kurtosis), and pr scatters about its mean by
 * 2 / (n + m) (measured on normal noise of 16 x 16 to 768 x 2304, within 20%).
 */
function isNoiseLike(rows: number, cols: number, { pr, spikes, kurtosis: fourth }: Figures): boolean | null {
  if (pr === null || spikes === null || fourth === null || Math.min(rows, cols) < judgedSide) return null;
  const sides = rows + cols;
  const expected = (noiseParticipationRatio(rows, cols) * (sides + 1)) / (sides - 2 + fourth);
  return spikes < 0.5 && Math.abs(pr / expected - 1) * (sides / 2) <= mostDeviations;
}

/** Of the mean over probes, each of which gives all measures. */
function standardErrors(byProbe: readonly Spectrum[]): Record<string, number> {
  const drawn = byProbe.map(spectralMeasures);
  const errors: Record<string, number> = {};
  for (const name of [
    "pr",
    "prSingular",
    "effectiveRank",
    "noiseScale",
    "edge",
    "spikes",
    "spikeEnergy",
    "tailExponent",
  ] as const) {
    const values = drawn.flatMap((measures) => measures[name] ?? []);
    if (values.length < 2) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    errors[name] = Math.sqrt(squares / (values.length - 1) / values.length);
  }
  return errors;
}

function notesOn({ findings, moments }: MeasuredMatrix, { noiseScale, frobenius }: Figures): string[] {
  if (findings.kind === "nothing") return [findings.note];
  if (frobenius === 0) return ["all entries are zero"];
  const notes = moments.m2 === 0 && moments.count > 1 ? ["all entries are equal"] : [];
  if (findings.kind === "norms") return notes;
  if (noiseScale === null) return [...notes, "a single row or column has no noise bulk"];
  return noiseScale === 0 ? [...notes, "at least half of the singular values are zero: the noise scale is 0"] : notes;
}

/** The first ranks all, where the spikes are, then ever fewer. */
function sampledRanks(count: number): number[] {
  const points = 64;
  const ranks = new Set<number>();
  for (let rank = 1; rank <= Math.min(count, 16); rank++) ranks.add(rank);
  for (let i = 0; i <= points - 16; i++) ranks.add(Math.max(1, Math.round(count * (i / (points - 16)))));
  return [...ranks].sort((a, b) => a - b);
}

function sampleOf({ singular, weights, rows, cols }: Spectrum, expected: Float64Array, rms: number) {
  const rank = sampledRanks(Math.min(rows, cols));
  return {
    rank,
    value: rank.map((r) => (weights ? weightedAt(singular, weights, r) : singular[r - 1])),
    noise: rank.map((r) => expected[r - 1] * rms),
  };
}

/** The value below which r - 1/2 of the weight lies above. */
function weightedAt(singular: Float64Array, weights: Float64Array, rank: number): number {
  let above = 0;
  for (const [i, value] of singular.entries()) {
    above += weights[i];
    if (above >= rank - 0.5) return value;
  }
  return singular[singular.length - 1];
}
