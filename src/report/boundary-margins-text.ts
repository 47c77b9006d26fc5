/** @file A boundary search judged at other margins, as text for a terminal. Knows no files and no streams. */
import type { BoundaryAtMargin } from "../records/boundary-margin-record.js";
import { namedOnce } from "./boundary-block.js";
import { marginsTable } from "./boundary-margins-table.js";
import { painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";

/** @param judged one for each margin. @returns lines without a final line end. */
export function boundaryMarginsText(judged: readonly BoundaryAtMargin[], look: Partial<TerminalLook> = {}): string {
  const { color, width } = { ...terminalLook(process.stdout, process.env), ...look };
  const table = marginsTable(judged);
  return table === null
    ? "No action was searched."
    : terminalTable(namedOnce(table), Math.max(40, width), painter(color));
}
