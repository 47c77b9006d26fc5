/** @file A table as data: the terminal and the page show the same one. Knows neither. */

export interface Column {
  readonly heading: string;
  /** Columns side by side with one group stand under a common heading. */
  readonly group?: string;
  readonly align?: "left" | "right";
  /** Where a terminal is too narrow, columns go in this order; those without stay. */
  readonly dropFirst?: number;
  /** Says of all rows of a block what it says of the first: in those that continue, a page shows it without ink. */
  readonly ofBlock?: boolean;
  /** Takes the colour of the row's tone on a page. */
  readonly toned?: boolean;
}

export interface Row {
  /** One for each column; the first names the row. */
  readonly cells: readonly string[];
  /** The row goes on about what the row above names: a page shows the names of both, but only the first in ink. */
  readonly continues?: boolean;
  /** `target`: the tested matrix. `printed`: figures that the papers print. `bad`, `good`: what a check showed. */
  readonly tone?: "target" | "printed" | "bad" | "good";
}

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
}
