/** @file What was exported, as lines of a terminal. Knows nothing of how it was made. */
import { join } from "node:path";
import type { ExportRecord } from "../export/export-record.js";
import { count } from "../report/figure-text.js";
import { wrap } from "../report/printable.js";

const labelWidth = 11;

/** `12.3 MB`, decimal units. */
function bytesText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`;
}

/** Folders below the first level as one line. */
function places({ out, files }: ExportRecord): string[] {
  const tops = [...new Set(files.map(({ path }) => path.split("/")))];
  return [...new Set(tops.map(([top, ...below]) => join(out, below.length > 0 ? `${top}/` : top)))];
}

/** @param width characters of a line, at which sentences break; paths do not. */
export function exportLines(record: ExportRecord, width: number): string[] {
  const { frozen, trainableParameters, weightBytes, train, notes } = record;
  const line = (label: string, text: string) => `${label.padEnd(labelWidth)}${text}`;
  const lines: string[] = [];
  if (frozen !== null) {
    const { matrices, ofMatrices, parameters } = frozen;
    lines.push(line("frozen", `${matrices} of ${ofMatrices} matrices, ${count(parameters)} parameters`));
  }
  if (trainableParameters !== null) {
    const what = record.to === "peft" ? " of the adapters" : "";
    lines.push(line("trainable", `${count(trainableParameters)} parameters${what}`));
  }
  if (weightBytes !== null) {
    const { before, after } = weightBytes;
    const share = before > 0 ? ` (${((100 * after) / before).toFixed(1)}%)` : "";
    lines.push(line("weights", `${bytesText(before)} before, ${bytesText(after)} after${share}`));
  }
  lines.push(...places(record).map((path, index) => line(index === 0 ? "written" : "", path)));
  if (train !== null && record.to !== "dense") lines.push(line("train", train));
  return [...lines, ...notes.map((note) => wrap(note, width).join("\n  "))];
}
