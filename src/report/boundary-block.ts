/** @file Rows about one action of a boundary search: a block of a table, named in its first row. */
import type { ReportTable, Row } from "./report-table.js";

export const actionBlock = (rows: readonly Row[]): Row[] =>
  rows.map((row, index) => ({ ...row, ...(index > 0 && { continues: true }) }));

/** For a terminal: without the action in the rows that go on about the same. */
export const namedOnce = (table: ReportTable): ReportTable => ({
  ...table,
  rows: table.rows.map(({ cells: [name, ...cells], ...row }) => ({
    ...row,
    cells: [row.continues ? "" : name, ...cells],
  })),
});
