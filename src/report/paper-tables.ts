/** @file The paper's experiment as text for a terminal. Knows no files and no streams. */
import type { PaperRecord } from "../records/paper-record.js";
import { armsTable, beforeTable } from "./arms-table.js";
import { fixed } from "./figure-text.js";
import { layersTable } from "./layers-table.js";
import { wrap } from "./printable.js";
import { badFitExplanation, reconciliationTable } from "./reconciliation-table.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";
import { controls, failedControls, noiseFloorSentence, verdictSentence } from "./verdict-sentence.js";

/**
 * @param look colour and characters of a line; by default what standard output and NO_COLOR ask for.
 * @returns lines without a final line end. Failed controls stand on top; the verdict stands last, where the prompt appears.
 */
export function paperTables(record: PaperRecord, look: Partial<TerminalLook> = {}): string {
  const { color, width: wanted } = { ...terminalLook(process.stdout, process.env), ...look };
  const width = Math.max(40, wanted);
  const paint = painter(color);
  const paragraph = (text: string) => wrap(text, width).join("\n");
  const failed = failedControls(record).map((control) =>
    wrap(`CONTROL FAILED: ${control.name}: ${control.text}`, width)
      .map((line) => paint("bold", paint("red", line)))
      .join("\n"),
  );
  const checks = controls(record).map(({ name, passed, text }) => {
    const mark = passed ? paint("green", "passed") : paint("red", "FAILED");
    const [first, ...rest] = wrap(`${name}: ${text}`, width - 8);
    return [`${mark}  ${first}`, ...rest.map((line) => `        ${line}`)].join("\n");
  });
  const warnings = record.verdicts.warnings.map((text) =>
    wrap(`Warning: ${text}`, width)
      .map((line) => paint("yellow", line))
      .join("\n"),
  );
  const { margin, confidence } = record.verdicts;
  return [
    ...failed,
    terminalTable(armsTable(record), width, paint),
    terminalTable(beforeTable(record), width, paint),
    terminalTable(layersTable(record), width, paint),
    terminalTable(reconciliationTable(record), width, paint),
    badFitExplanation(record).map(paragraph).join("\n"),
    [paint("bold", "Controls of the test"), ...(checks.length > 0 ? checks : ["none on record"])].join("\n"),
    paragraph(noiseFloorSentence(record)),
    ...warnings,
    [
      paint("bold", `Verdict (margin ${margin}%, confidence ${fixed(confidence * 100, 0)}%)`),
      ...wrap(verdictSentence(record), width).map((line) => paint(failed.length > 0 ? "red" : "bold", line)),
      ...wrap("All of this holds for one base checkpoint and one data set.", width),
    ].join("\n"),
  ].join("\n\n");
}
