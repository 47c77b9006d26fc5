/** @file A fine-tuning as text for a terminal. Knows no files and no streams. */
import type { SftRecord } from "../records/sft-record.js";
import { wrap } from "./printable.js";
import type { ReportTable } from "./report-table.js";
import { sftFindings } from "./sft-findings.js";
import { checkpointsTable, comparisonTable, eventsTable, phasesTable } from "./sft-table.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";

/** The names of what was frozen take more room than a line has; the page shows them. */
function narrowed(table: ReportTable | null): ReportTable | null {
  if (table === null) return null;
  const without = <Cell>(cells: readonly Cell[]) => cells.slice(0, -1);
  return {
    ...table,
    columns: without(table.columns),
    rows: table.rows.map(({ cells }) => ({ cells: without(cells) })),
  };
}

/** @param look colour and characters of a line; by default what standard output and NO_COLOR ask for. @returns lines without a final line end. */
export function sftTables(record: SftRecord, look: Partial<TerminalLook> = {}): string {
  const { color, width: wanted } = { ...terminalLook(process.stdout, process.env), ...look };
  const width = Math.max(40, wanted);
  const paint = painter(color);
  const tables = [
    phasesTable(record),
    narrowed(eventsTable(record)),
    comparisonTable(record),
    checkpointsTable(record),
  ];
  return [
    sftFindings(record)
      .flatMap((sentence) => wrap(sentence, width))
      .map((line) => paint("bold", line))
      .join("\n"),
    ...tables.filter((table) => table !== null).map((table) => terminalTable(table, width, paint)),
  ].join("\n\n");
}
