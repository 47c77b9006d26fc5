/** @file A scan on a terminal: a line for each matrix as it is finished, and what is to be said at the end. Knows no streams. */
import type { MatrixScanRecord, MeasuresRecord, ScanRecord } from "../records/scan-record.js";
import { displayWidth, padded, shortened } from "./display-width.js";
import { absent, count, counted, decimalsFor, exists, type Figure, fixed, percent } from "./figure-text.js";
import { printable } from "./printable.js";
import { sparkline } from "./sparkline.js";
import { type Paint, painter, type TerminalLook } from "./terminal-look.js";

interface ScanColumn {
  readonly heading: string;
  readonly width: number;
  readonly align: "left" | "right";
  readonly text: (matrix: MatrixScanRecord) => string;
  /** Coloured by the distance from noise. */
  readonly toned?: boolean;
}

/** Three significant digits, or as many as the standard error supports. */
export function figureText(value: Figure, standardError?: number): string {
  if (!exists(value)) return absent;
  if (standardError !== undefined && standardError > 0) {
    const decimals = decimalsFor(standardError);
    return `${fixed(value, decimals)}±${fixed(standardError, decimals)}`;
  }
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(1).replace("e+", "e");
  return fixed(value, Math.max(0, 2 - Math.floor(Math.log10(size))));
}

/** As `figureText`, in at most `width` characters: an error that does not fit is first rounded to one digit, then told by a ~ alone. */
export function fittingFigure(value: Figure, standardError: number | undefined, width: number): string {
  const text = figureText(value, standardError);
  if (text.length <= width || !exists(value) || standardError === undefined) return text;
  const decimals = Math.max(0, decimalsFor(standardError) - 1);
  const shorter = `${fixed(value, decimals)}±${fixed(standardError, decimals)}`;
  if (shorter.length <= width) return shorter;
  const told = `~${fixed(value, decimals)}`;
  return told.length <= width ? told : `~${value.toExponential(1).replace("e+", "e")}`;
}

/** `x0.21`: against noise. */
export function ratioText(value: Figure): string {
  if (!exists(value)) return "";
  if (value >= 1e4) return `x${value.toExponential(0).replace("e+", "e")}`;
  return `x${fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0)}`;
}

const figureColumn = (
  heading: string,
  width: number,
  measures: (matrix: MatrixScanRecord) => MeasuresRecord | null | undefined,
  name: "pr" | "effectiveRank" | "spectralNorm" | "tailExponent" | "kurtosis",
): ScanColumn => ({
  ...{ heading, width, align: "right" },
  text(matrix) {
    const of = measures(matrix);
    return fittingFigure(of?.[name], of?.standardErrors?.[name], width);
  },
});
const itself = (matrix: MatrixScanRecord) => matrix;
const itsChange = ({ change }: MatrixScanRecord) => change;

const columns: readonly ScanColumn[] = [
  { heading: "shape", width: 12, align: "left", text: ({ rows, cols }) => `${rows}x${cols}` },
  { heading: "spectrum", width: 10, align: "left", text: ({ spectrum }) => sparkline(spectrum, 10) },
  figureColumn("pr", 8, itself, "pr"),
  { heading: "/noise", width: 6, align: "right", toned: true, text: (m) => ratioText(m.ratios.pr) },
  { heading: "pc1 %", width: 6, align: "right", text: ({ pc1 }) => percent(pc1) },
  { heading: "/noise", width: 6, align: "right", text: (m) => ratioText(m.ratios.pc1) },
  { heading: "spikes", width: 7, align: "right", text: (m) => spikesText(m) },
  { heading: "energy %", width: 8, align: "right", text: ({ spikeEnergy }) => percent(spikeEnergy) },
  figureColumn("eff.rank", 8, itself, "effectiveRank"),
  { heading: "/noise", width: 6, align: "right", text: (m) => ratioText(m.ratios.effectiveRank) },
  figureColumn("norm", 7, itself, "spectralNorm"),
  { heading: "/noise", width: 6, align: "right", text: (m) => ratioText(m.ratios.spectralNorm) },
  figureColumn("alpha", 9, itself, "tailExponent"),
  figureColumn("kurtosis", 8, itself, "kurtosis"),
  { heading: "st.rank", width: 7, align: "right", text: ({ stableRank }) => figureText(stableRank) },
];

const changeColumns: readonly ScanColumn[] = [
  { heading: "shape", width: 12, align: "left", text: ({ rows, cols }) => `${rows}x${cols}` },
  figureColumn("pr", 8, itself, "pr"),
  { heading: "/noise", width: 6, align: "right", text: (m) => ratioText(m.ratios.pr) },
  { heading: "spikes", width: 7, align: "right", text: (m) => spikesText(m) },
  { heading: "change %", width: 8, align: "right", text: ({ change }) => percent(change?.relativeChange, 2) },
  { heading: "spectrum", width: 10, align: "left", text: ({ change }) => sparkline(change?.spectrum, 10) },
  figureColumn("its pr", 8, itsChange, "pr"),
  { heading: "/noise", width: 6, align: "right", toned: true, text: ({ change }) => ratioText(change?.ratios.pr) },
  { heading: "pc1 %", width: 6, align: "right", text: ({ change }) => percent(change?.pc1) },
  { heading: "spikes", width: 7, align: "right", text: ({ change }) => (change ? spikesText(change) : absent) },
  { heading: "energy %", width: 8, align: "right", text: ({ change }) => percent(change?.spikeEnergy) },
];

function spikesText({ spikes, noiseLike, standardErrors }: MeasuresRecord): string {
  if (noiseLike) return "noise";
  return exists(spikes) ? `${standardErrors?.spikes ? "~" : ""}${fixed(spikes, 0)}` : absent;
}

/** Of a matrix beyond these ratios of pr one says that it is far from noise; between them, that it is near. */
export const farFromNoise = 0.5;
export const nearNoise = 0.9;

function toned(text: string, ratio: Figure, paint: Paint): string {
  if (!exists(ratio)) return text;
  const distance = Math.min(ratio, 1 / ratio);
  if (distance < farFromNoise) return paint("cyan", text);
  return distance > nearNoise ? paint("dim", text) : paint("yellow", text);
}

export interface ScanLines {
  readonly header: string;
  line(matrix: MatrixScanRecord): string;
}

/** @param names of all matrices, for the width of the first column. Columns that do not fit are left out, the last first. */
export function scanLines(names: readonly string[], look: TerminalLook, { comparing = false } = {}): ScanLines {
  const paint = painter(look.color);
  const longest = Math.max(6, ...names.map((name) => displayWidth(printable(name))));
  const nameWidth = Math.min(longest, Math.max(16, look.width - 50));
  const shown: ScanColumn[] = [];
  let width = nameWidth;
  for (const column of comparing ? changeColumns : columns) {
    if (width + 1 + column.width > look.width) break;
    shown.push(column);
    width += 1 + column.width;
  }
  const header = ["matrix".padEnd(nameWidth), ...shown.map(({ heading, ...column }) => cell(heading, column))].join(
    " ",
  );
  return {
    header: paint("bold", header.trimEnd()),
    line(matrix) {
      const name = padded(shortened(printable(matrix.name), nameWidth, "end"), nameWidth, "left");
      const note = printable(matrix.note ?? "");
      if (matrix.pr === null && note !== "") return paint("red", shortened(`${name} ${note}`, look.width, "beginning"));
      const cells = shown.map((column) => {
        const text = cell(column.text(matrix), column);
        return column.toned ? toned(text, (comparing ? matrix.change : matrix)?.ratios.pr, paint) : text;
      });
      const line = [name, ...cells].join(" ").trimEnd();
      const left = look.width - width - noteGap;
      if (note === "" || left < leastNote) return line;
      return `${[name, ...cells].join(" ")}${" ".repeat(noteGap)}${paint("dim", shortened(note, left, "beginning"))}`;
    },
  };
}

const noteGap = 2;
/** Fewer columns than these say nothing. */
const leastNote = 12;

/** What is wider than its column is not shown: cut figures would be wrong ones. */
function cell(text: string, { width, align }: Pick<ScanColumn, "width" | "align">): string {
  return padded(displayWidth(text) <= width ? text : "…", width, align);
}

/** What a summary rests on: no hashes. */
export type Summarized = Pick<ScanRecord, "matrices" | "noiseCheck" | "skipped"> & {
  readonly model: Pick<ScanRecord["model"], "architecture" | "parameters">;
  readonly base?: unknown;
};

/** Sentences on the whole model. */
export function scanSummary(record: Summarized): string[] {
  const { matrices, model, noiseCheck, skipped } = record;
  const sentences = [
    `${counted(matrices.length, "matrix", "matrices")}; ${count(model.parameters)} parameters; ${printable(model.architecture)}.`,
  ];
  const judged = matrices.filter(({ ratios }) => exists(ratios.pr));
  const byDistance = [...judged].sort((a, b) => noiseDistance(b) - noiseDistance(a));
  const named = (some: readonly MatrixScanRecord[]) =>
    some.map((matrix) => `${printable(matrix.name)} (${ratioText(matrix.ratios.pr)})`).join(", ");
  if (judged.length > 6) {
    sentences.push(
      `Furthest from noise, by pr: ${named(byDistance.slice(0, 3))}. Nearest: ${named(byDistance.slice(-3).reverse())}.`,
    );
  }
  if (noiseCheck && noiseCheck.measured > 0) sentences.push(noiseSentence(noiseCheck, matrices));
  sentences.push(...changeSentences(record));
  for (const [note, names] of grouped(noted(matrices, ({ pr }) => pr === null)))
    sentences.push(`Without figures: ${listed(names)} (${note}).`);
  for (const [note, names] of grouped(noted(matrices, ({ pr }) => pr !== null)))
    sentences.push(`Note on ${listed(names)}: ${note}.`);
  if (matrices.some(({ standardErrors }) => standardErrors)) {
    sentences.push("Figures with ± and ~ are estimates with their standard error; --exact computes them.");
  }
  for (const [reason, names] of grouped(skipped.map(({ tensor, reason }) => [reason, tensor]))) {
    sentences.push(`Skipped, ${printable(reason)}: ${listed(names.map(printable))}.`);
  }
  return sentences;
}

const noted = (matrices: readonly MatrixScanRecord[], which: (matrix: MatrixScanRecord) => boolean) =>
  matrices
    .filter((matrix) => matrix.note !== undefined && which(matrix))
    .map(({ name, note }) => [printable(note!), printable(name)] as const);

/** What moved most, what least, and what cannot be compared. */
function changeSentences({ base, matrices }: Summarized): string[] {
  if (base === undefined) return [];
  const compared = matrices.filter(({ change }) => exists(change?.relativeChange));
  const byChange = [...compared].sort((a, b) => b.change!.relativeChange! - a.change!.relativeChange!);
  const named = (some: readonly MatrixScanRecord[]) =>
    some.map(({ name, change }) => `${printable(name)} (${figureText(change!.relativeChange! * 100)}%)`).join(", ");
  const sentences: string[] = [];
  if (byChange.length > 6)
    sentences.push(
      `Changed most since the base: ${named(byChange.slice(0, 3))}. Least: ${named(byChange.slice(-3).reverse())}.`,
    );
  else if (byChange.length > 0) sentences.push(`Changed since the base: ${named(byChange)}.`);
  const without = matrices.filter(({ change }) => change === null).map(({ name }) => printable(name));
  if (without.length > 0) sentences.push(`The base has no such matrix, or one of another shape: ${listed(without)}.`);
  return sentences;
}

/** The undertrained check in words. */
export function noiseSentence(
  { measured, noiseLike }: NonNullable<ScanRecord["noiseCheck"]>,
  matrices: readonly MatrixScanRecord[],
): string {
  if (noiseLike === 0) return `Each of ${counted(measured, "matrix", "matrices")} can be told from i.i.d. noise.`;
  if (noiseLike === measured) {
    return `No matrix can be told from i.i.d. noise (${measured} looked at): the model looks untrained, and what is measured on it means nothing.`;
  }
  const names = matrices.filter((matrix) => matrix.noiseLike).map(({ name }) => printable(name));
  return `${noiseLike} of ${measured} matrices cannot be told from i.i.d. noise: ${listed(names)}.`;
}

/** |log(pr / noise)|; -1 where there is none. */
export function noiseDistance({ ratios }: MatrixScanRecord): number {
  return exists(ratios.pr) && ratios.pr > 0 ? Math.abs(Math.log(ratios.pr)) : -1;
}

function listed(names: readonly string[], most = 6): string {
  return names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

function grouped(pairs: readonly (readonly [string, string])[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}
