/** @file A scan as CSV (RFC 4180): a row for each matrix, a column for each figure. Knows no files. */
import { comparedMeasures } from "../records/compared-measures.js";
import type { MatrixScanRecord, MeasuresRecord, ScanRecord } from "../records/scan-record.js";
import { printable } from "./printable.js";

type Cell = string | number | boolean | null | undefined;

const alone = ["noiseScale", "edge", "tailCount", "tailStart"] as const;

function measureColumns(prefix: string): [string, (measures: MeasuresRecord) => Cell][] {
  return [
    ...comparedMeasures.flatMap((name): [string, (measures: MeasuresRecord) => Cell][] => [
      [`${prefix}${name}`, (measures) => measures[name]],
      [`${prefix}${name}Null`, (measures) => measures[`${name}Null`]],
      [`${prefix}${name}Ratio`, (measures) => measures.ratios[name]],
      [`${prefix}${name}StandardError`, (measures) => measures.standardErrors?.[name]],
    ]),
    ...alone.map((name): [string, (measures: MeasuresRecord) => Cell] => [
      `${prefix}${name}`,
      (measures) => measures[name],
    ]),
    [`${prefix}method`, ({ method }) => method],
    [`${prefix}noiseLike`, ({ noiseLike }) => noiseLike],
    [`${prefix}note`, ({ note }) => note],
  ];
}

/** The columns of a comparison follow those of the matrix itself and begin with `change_`. */
export function scanCsv({ matrices, base }: Pick<ScanRecord, "matrices"> & { readonly base?: unknown }): string {
  const columns: [string, (matrix: MatrixScanRecord) => Cell][] = [
    ["name", ({ name }) => name],
    ["tensor", ({ tensor }) => tensor],
    ["layer", ({ layer }) => layer],
    ["role", ({ role }) => role],
    ["expert", ({ expert }) => expert],
    ["rows", ({ rows }) => rows],
    ["cols", ({ cols }) => cols],
    ["dtype", ({ dtype }) => dtype],
    ...measureColumns(""),
  ];
  if (base !== undefined) {
    columns.push(["change_relativeChange", ({ change }) => change?.relativeChange]);
    for (const [heading, value] of measureColumns("change_")) {
      columns.push([heading, ({ change }) => (change ? value(change) : null)]);
    }
  }
  const lines = [
    columns.map(([heading]) => heading),
    ...matrices.map((matrix) => columns.map(([, value]) => value(matrix))),
  ];
  return lines.map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

/** Foreign text must neither steer a terminal nor be taken for a formula by a spreadsheet: that is set behind an apostrophe. */
function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  const text = printable(cell);
  const harmless = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replace(/"/g, '""')}"` : harmless;
}
