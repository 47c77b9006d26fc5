/** @file A boundary search as text for a terminal. Knows no files and no streams. */
import type { BoundaryRecord } from "../records/boundary-record.js";
import { attemptsTable } from "./boundary-attempts-table.js";
import { namedOnce } from "./boundary-block.js";
import { curveTable } from "./boundary-curve-table.js";
import { boundaryFindings, boundaryReach } from "./boundary-findings.js";
import { groupsTable } from "./boundary-groups-table.js";
import { savingsTable } from "./boundary-savings-table.js";
import { wrap } from "./printable.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";

/**
 * @param look colour and characters of a line; by default what standard output and NO_COLOR ask for.
 * @returns lines without a final line end. Warnings stand on top.
 */
export function boundaryTables(record: BoundaryRecord, look: Partial<TerminalLook> = {}): string {
  const { color, width: wanted } = { ...terminalLook(process.stdout, process.env), ...look };
  const width = Math.max(40, wanted);
  const paint = painter(color);
  const painted = (style: "bold" | "red", text: string) =>
    wrap(text, width)
      .map((line) => paint(style, line))
      .join("\n");
  const tried = record.actions.some((action) => action.tried.length > 0);
  const tables = [
    tried ? curveTable(record, { bars: true }) : null,
    attemptsTable(record),
    savingsTable(record),
    groupsTable(record),
  ].filter((table) => table !== null);
  return [
    ...(record.warnings.length > 0
      ? [record.warnings.map((text) => painted("red", `Warning: ${text}`)).join("\n")]
      : []),
    ...boundaryFindings(record).flatMap(({ answer, consequence }) => [
      painted("bold", answer),
      ...(consequence === null ? [] : [wrap(consequence, width).join("\n")]),
    ]),
    ...tables.map((table) => terminalTable(namedOnce(table), width, paint)),
    wrap(boundaryReach, width).join("\n"),
  ].join("\n\n");
}
