/** @file The two participation ratios side by side, of weights and of Gaussian amplitudes, and what the figures say about them. */
import type { PaperRecord } from "../records/paper-record.js";
import type { AmplitudeFitRecord, MatrixScanRecord } from "../records/scan-record.js";
import { absent, counted, exists, fixed, ratio } from "./figure-text.js";
import { shortName } from "./layers-table.js";
import type { ReportTable, Row } from "./report-table.js";

// Assumption, not studied: from here on the largest row is said to decide the figure.
const decidedByOneRow = 1.5;

/** Small figures to two decimals, a diverged fit's in powers of ten. */
function rSquaredText(value: AmplitudeFitRecord["rSquared"]): string {
  return exists(value) && Math.abs(value) >= 1000 ? value.toExponential(1) : fixed(value, 2);
}

function fitCells(fit: AmplitudeFitRecord | undefined): string[] {
  if (!fit) return Array.from({ length: 6 }, () => absent);
  return [
    fit.fit,
    fixed(fit.pr, 2),
    fixed(fit.prNull, 2),
    fixed(fit.prWithoutLargestRow, 2),
    fixed(fit.kurtosis, 1),
    rSquaredText(fit.rSquared),
  ];
}

function matrixRows(matrix: MatrixScanRecord, target: string): Row[] {
  const fits = matrix.amplitudes?.length ? matrix.amplitudes : [undefined];
  return fits.map((fit) => ({
    cells: [shortName(matrix), fixed(matrix.pr, 1), fixed(matrix.prSingular, 1), ...fitCells(fit)],
    ...(matrix.name === target && { tone: "target" as const }),
  }));
}

/** The target's note in full; the others would fill a page and stand in the record. */
function notes(matrices: readonly MatrixScanRecord[], target: string): string[] {
  const own = matrices.filter(({ name, note }) => note && name === target);
  const others = matrices.filter(({ name, note }) => note && name !== target).length;
  return [
    ...own.map((matrix) => `${shortName(matrix)}: ${matrix.note}.`),
    ...(others > 0 ? [`The record holds notes on ${counted(others, "other matrix", "other matrices")}.`] : []),
  ];
}

export function reconciliationTable(record: PaperRecord): ReportTable {
  const { scan, target, printed } = record;
  const matrices = [...scan.matrices].sort((a, b) => Number(b.name === target) - Number(a.name === target));
  return {
    title: "Weight PR and amplitude PR",
    columns: [
      { heading: "Matrix" },
      { heading: "eigenvalues", group: "weight PR", align: "right", dropFirst: 3 },
      { heading: "singular values", group: "weight PR", align: "right" },
      { heading: "Gaussian fit" },
      { heading: "PR", group: "amplitudes", align: "right" },
      { heading: "noise", group: "amplitudes", align: "right", dropFirst: 2 },
      { heading: "PR without largest row", group: "amplitudes", align: "right" },
      { heading: "kurtosis", group: "amplitudes", align: "right", dropFirst: 1 },
      { heading: "R²", group: "amplitudes", align: "right" },
    ],
    rows: [
      {
        cells: [
          "papers 62, 63, 69",
          absent,
          fixed(printed.weightPr, 1),
          "nonlinear",
          fixed(printed.amplitudePr, 2),
          absent,
          absent,
          fixed(printed.amplitudeKurtosis, 1),
          rSquaredText(printed.nonlinearRSquared),
        ],
        tone: "printed",
      },
      ...matrices.flatMap((matrix) => matrixRows(matrix, target)),
    ],
    notes: [
      "Amplitudes: each row as a sum of Gaussians, by two fits: projection (fixed centres, least squares) and nonlinear (the paper's, all parameters free). Their PR is at most the number of Gaussians. Kurtosis 3 is a normal distribution's; R² below 0 is worse than the mean of all entries.",
      ...notes(matrices, target),
    ],
  };
}

function fitOf({ scan, target }: PaperRecord, fit: AmplitudeFitRecord["fit"]): AmplitudeFitRecord | undefined {
  return scan.matrices.find(({ name }) => name === target)?.amplitudes?.find((candidate) => candidate.fit === fit);
}

/** What our own figures say of the paper's amplitude PR, in one or two sentences. */
export function amplitudeReading(record: PaperRecord): string {
  const fit = fitOf(record, "nonlinear");
  if (!fit) return "The paper's nonlinear fit was not run here, so its amplitude PR has no counterpart.";
  if (!exists(fit.pr)) return "The paper's nonlinear fit gave no amplitude PR here.";
  const pr = fixed(fit.pr, 2);
  const quality = exists(fit.rSquared)
    ? fit.rSquared < 0
      ? ` That fit reconstructs the matrix worse than the mean of its entries does (R² = ${rSquaredText(fit.rSquared)}).`
      : ` That fit has R² = ${rSquaredText(fit.rSquared)}.`
    : "";
  if (!exists(fit.prWithoutLargestRow))
    return `Our repeat of the paper's fit gives an amplitude PR of ${pr}.${quality}`;
  const without = fixed(fit.prWithoutLargestRow, 2);
  return fit.prWithoutLargestRow >= decidedByOneRow * fit.pr
    ? `Our repeat of the paper's fit gives an amplitude PR of ${pr}, and ${without} once the single row of largest amplitudes is left out: the low figure describes one row's fit, not the matrix.${quality}`
    : `Our repeat of the paper's fit gives an amplitude PR of ${pr}, and ${without} without the row of largest amplitudes: here no single row decides the figure.${quality}`;
}

/** Why the paper's 1.03 and 84.5 do not contradict each other. */
export function badFitExplanation(record: PaperRecord): string[] {
  const { printed } = record;
  const projection = fitOf(record, "projection");
  const explanation = [
    `Paper 62 prints an amplitude PR of ${printed.amplitudePr} with a kurtosis of ${printed.amplitudeKurtosis} over its 256 rows. A single outlying row makes a kurtosis of about the number of rows; and paper 69 reports R² = ${printed.nonlinearRSquared} for that fit. So the printed ${printed.amplitudePr} is what one row's diverged fit looks like.`,
    amplitudeReading(record),
  ];
  if (projection && exists(projection.pr))
    explanation.push(
      `With the projection fit, which cannot diverge, the amplitude PR is ${fixed(projection.pr, 2)} of at most ${projection.components}: ${ratio(projection.pr, projection.prNull)} times that of noise.`,
    );
  return explanation;
}

/** One sentence on how spread out the target's weights are. */
export function dimensionReading(record: PaperRecord): string {
  const target = record.scan.matrices.find(({ name }) => name === record.target);
  if (!target || !exists(target.pr) || !exists(target.prNull))
    return `The spectrum of ${record.target} was not measured, so nothing is said of its dimension.`;
  const { printed } = record;
  return `The participation ratio of its weights is ${fixed(target.pr, 1)}, which is ${fixed((target.pr / target.prNull) * 100, 0)}% of what noise of the same shape has (${fixed(target.prNull, 1)}); the amplitude PR of ${printed.amplitudePr} that the paper sets beside its ${printed.weightPr} bears the marks of a fit that failed in one row, and is no measure of dimension.`;
}
