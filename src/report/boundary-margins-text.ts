/** @file A boundary search judged at other margins, as text for a terminal. Knows no files and no streams. */
import type { BoundaryAtMargin } from "../records/boundary-margin-record.js";
import { namedOnce } from "./boundary-block.js";
import { marginAttemptsTable } from "./boundary-margin-attempts-table.js";
import { marginsTable } from "./boundary-margins-table.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";

/** @param judged one for each margin; of a single one with every attempt. @returns lines without a final line end. */
export function boundaryMarginsText(judged: readonly BoundaryAtMargin[], look: Partial<TerminalLook> = {}): string {
  const { color, width } = { ...terminalLook(process.stdout, process.env), ...look };
  const attempts = judged.length === 1 ? marginAttemptsTable(judged[0]) : null;
  const tables = [marginsTable(judged), attempts].filter((table) => table !== null);
  if (tables.length === 0) return "No action was searched.";
  return tables.map((table) => terminalTable(namedOnce(table), Math.max(40, width), painter(color))).join("\n\n");
}
