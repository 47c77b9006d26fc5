/** @file A report table as lines of a terminal. Knows nothing of what the table says. */
import Table from "cli-table3";
import { printable, wrap } from "./printable.js";
import type { Column, ReportTable, Row } from "./report-table.js";
import type { Paint } from "./terminal-look.js";

const gap = 2;
// A separator of one character is what cli-table3 reckons with where a cell spans columns; the rest of the gap is padding.
const padding = gap - 1;
const none = "";
const noBorders = {
  top: none,
  "top-mid": none,
  "top-left": none,
  "top-right": none,
  bottom: none,
  "bottom-mid": none,
  "bottom-left": none,
  "bottom-right": none,
  left: none,
  "left-mid": none,
  mid: none,
  "mid-mid": none,
  right: none,
  "right-mid": none,
  middle: " ",
} as const;

function columnWidth(column: Column, rows: readonly Row[], index: number): number {
  const words = column.heading.split(" ").map((word) => word.length);
  const twoLines = Math.ceil(column.heading.length / 2);
  return Math.max(twoLines, ...words, ...rows.map(({ cells }) => cells[index].length));
}

interface Span {
  readonly group: string;
  readonly columns: number;
  readonly width: number;
}

/** Neighbours of one group taken together. */
function spans(columns: readonly Column[], widths: readonly number[]): Span[] {
  const result: Span[] = [];
  columns.forEach(({ group = "" }, index) => {
    const last = result.at(-1);
    if (last && last.group === group && group !== "")
      result[result.length - 1] = {
        group,
        columns: last.columns + 1,
        width: last.width + gap + widths[index],
      };
    else result.push({ group, columns: 1, width: widths[index] });
  });
  return result;
}

function headingLine({ group, width }: Span): string {
  return group === ""
    ? ""
    : ` ${group} `
        .padStart(group.length + 2 + Math.floor((width - group.length - 2) / 2), "─")
        .padEnd(width, "─")
        .trimEnd();
}

interface Layout {
  /** Indices of the columns shown. */
  readonly kept: readonly number[];
  readonly columns: readonly Column[];
  /** Characters of each column shown. */
  readonly widths: readonly number[];
}

/** A group's heading may be wider than its columns: the last of them gives way. */
function layoutOf(kept: readonly number[], table: ReportTable, natural: readonly number[]): Layout {
  const columns = kept.map((index) => table.columns[index]);
  const widths = kept.map((index) => natural[index]);
  let first = 0;
  for (const { group, columns: count, width } of spans(columns, widths)) {
    const last = first + count - 1;
    if (group !== "") widths[last] += Math.max(0, group.length + 2 - width);
    first = last + 1;
  }
  return { kept, columns, widths };
}

const totalWidth = ({ widths }: Layout) => widths.reduce((sum, width) => sum + width + gap, -gap);

/** Drops columns in the order that they state until the rest fits; what still does not is taken from the names of the rows, which wrap. */
function fittingLayout(table: ReportTable, rows: readonly Row[], width: number): Layout {
  const natural = table.columns.map((column, index) => columnWidth(column, rows, index));
  const order = table.columns
    .map(({ dropFirst }, index) => ({ dropFirst, index }))
    .filter(({ dropFirst }) => dropFirst !== undefined)
    .sort((a, b) => a.dropFirst! - b.dropFirst!);
  let kept = table.columns.map((_, index) => index);
  let layout = layoutOf(kept, table, natural);
  for (const { index } of order) {
    if (totalWidth(layout) <= width) return layout;
    kept = kept.filter((other) => other !== index);
    layout = layoutOf(kept, table, natural);
  }
  const longestWord = Math.max(0, ...rows.flatMap(({ cells }) => cells[kept[0]].split(" ").map((word) => word.length)));
  const [names, ...others] = layout.widths;
  const left = names - Math.max(0, totalWidth(layout) - width);
  return { ...layout, widths: [Math.max(longestWord, left), ...others] };
}

/** @param width characters of a line; columns that do not fit are left out and named below. */
export function terminalTable(table: ReportTable, width: number, paint: Paint): string {
  const rows = table.rows.map((row) => ({ ...row, cells: row.cells.map(printable) }));
  const { kept, columns, widths } = fittingLayout(table, rows, width);
  const output = new Table({
    chars: noBorders,
    style: { head: [], border: [], "padding-left": padding, "padding-right": 0, compact: true },
    colWidths: widths.map((size) => size + padding),
    colAligns: columns.map(({ align = "left" }) => align),
  });
  if (columns.some(({ group }) => group))
    output.push(
      spans(columns, widths).map((span) => ({ content: paint("dim", headingLine(span)), colSpan: span.columns })),
    );
  output.push(
    columns.map(({ heading }, index) => ({
      content: wrap(heading, widths[index])
        .map((line) => paint("bold", line))
        .join("\n"),
      vAlign: "bottom" as const,
    })),
  );
  output.push(widths.map((size) => paint("dim", "─".repeat(size))));
  for (const { cells, tone } of rows)
    output.push(
      kept.map((index, position) => {
        const lines = position === 0 ? wrap(cells[index], widths[0]) : [cells[index]];
        return lines.map((line) => toned(line, tone, paint)).join("\n");
      }),
    );
  const missing = table.columns.filter((_, index) => !kept.includes(index));
  const notes = [...table.notes];
  if (missing.length > 0)
    notes.push(
      `Left out at this width: ${missing.map(({ group, heading }) => (group ? `${group}: ${heading}` : heading)).join("; ")}.`,
    );
  const text = output
    .toString()
    .split("\n")
    .map((line) => line.slice(padding).trimEnd());
  return [
    paint("bold", printable(table.title)),
    ...text,
    ...notes.flatMap((note) => wrap(note, width)).map((line) => paint("dim", line)),
  ].join("\n");
}

function toned(text: string, tone: Row["tone"], paint: Paint): string {
  switch (tone) {
    case "target":
      return paint("bold", paint("cyan", text));
    case "printed":
      return paint("dim", text);
    case "bad":
      return paint("red", text);
    case "good":
      return paint("green", text);
    case undefined:
      return text;
    default:
      return tone satisfies never;
  }
}
