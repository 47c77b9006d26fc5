/** @file A test of many matrices as text for a terminal. Knows no files and no streams. */
import type { TestRecord } from "../records/test-record.js";
import { forgettingSentence } from "./forgetting-sentence.js";
import { likePaperTable } from "./like-paper-table.js";
import { predictionSentence } from "./prediction-table.js";
import { wrap } from "./printable.js";
import type { ReportTable } from "./report-table.js";
import { sensitivitySentence } from "./sensitivity-table.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";
import { jointWarning, reach, testFindings } from "./test-summary.js";
import { noiseFloorSentence } from "./verdict-sentence.js";
import { failedControlLines, verdictLines } from "./verdict-table.js";

/** Without the name of the row above where a row goes on about the same. */
const blanked = (table: ReportTable): ReportTable => ({
  ...table,
  rows: table.rows.map(({ cells: [name, ...cells], ...row }) => ({
    ...row,
    cells: [row.continues ? "" : name, ...cells],
  })),
});

/**
 * @param look colour and characters of a line; by default what standard output and NO_COLOR ask for.
 * @param likePaper also the paper's way beside ours.
 * @returns lines without a final line end. Failed controls stand on top.
 */
export function testTables(
  record: TestRecord,
  look: Partial<TerminalLook> = {},
  { likePaper = false }: { readonly likePaper?: boolean } = {},
): string {
  const { color, width: wanted } = { ...terminalLook(process.stdout, process.env), ...look };
  const width = Math.max(40, wanted);
  const paint = painter(color);
  const { verdicts, targets } = record;
  const failed = failedControlLines(verdicts, width, paint);
  const caution = (targets.length > 1 ? [jointWarning, reach] : [reach]).join(" ");
  const further = [forgettingSentence(record), sensitivitySentence(record), predictionSentence(record)];
  const paper = likePaper ? likePaperTable(record) : null;
  return [
    ...(failed.length > 0 ? [failed.join("\n")] : []),
    testFindings(record)
      .flatMap((sentence) => wrap(sentence, width))
      .map((line) => paint("bold", line))
      .join("\n"),
    verdictLines(verdicts, width, paint).join("\n"),
    ...(paper ? [terminalTable(blanked(paper), width, paint)] : []),
    ...further.filter((sentence) => sentence !== null).map((sentence) => wrap(sentence, width).join("\n")),
    wrap(noiseFloorSentence(record), width).join("\n"),
    wrap(caution, width).join("\n"),
  ].join("\n\n");
}
