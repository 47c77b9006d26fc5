/** @file A test of many matrices as text for a terminal. Knows no files and no streams. */
import type { TestRecord } from "../records/test-record.js";
import { wrap } from "./printable.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { jointWarning, reach, testFindings } from "./test-summary.js";
import { noiseFloorSentence } from "./verdict-sentence.js";
import { failedControlLines, verdictLines } from "./verdict-table.js";

/**
 * @param look colour and characters of a line; by default what standard output and NO_COLOR ask for.
 * @returns lines without a final line end. Failed controls stand on top.
 */
export function testTables(record: TestRecord, look: Partial<TerminalLook> = {}): string {
  const { color, width: wanted } = { ...terminalLook(process.stdout, process.env), ...look };
  const width = Math.max(40, wanted);
  const paint = painter(color);
  const { verdicts, targets } = record;
  const failed = failedControlLines(verdicts, width, paint);
  const caution = (targets.length > 1 ? [jointWarning, reach] : [reach]).join(" ");
  return [
    ...(failed.length > 0 ? [failed.join("\n")] : []),
    testFindings(record)
      .flatMap((sentence) => wrap(sentence, width))
      .map((line) => paint("bold", line))
      .join("\n"),
    verdictLines(verdicts, width, paint).join("\n"),
    wrap(noiseFloorSentence(record), width).join("\n"),
    wrap(caution, width).join("\n"),
  ].join("\n\n");
}
