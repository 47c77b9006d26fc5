/** @file A report table as HTML. Knows nothing of what the table says. */
import { type Html, html, typographic } from "./html.js";
import type { Column, ReportTable, Row } from "./report-table.js";

interface Span {
  readonly group: string;
  readonly columns: number;
}

function spans(columns: readonly Column[]): Span[] {
  const result: Span[] = [];
  for (const { group = "" } of columns) {
    const last = result.at(-1);
    if (last && last.group === group && group !== "") result[result.length - 1] = { group, columns: last.columns + 1 };
    else result.push({ group, columns: 1 });
  }
  return result;
}

/** A group begins with a little more space; its columns belong together. */
function classes(columns: readonly Column[], index: number): string {
  const { align = "left", group, ofBlock = false, toned = false } = columns[index];
  const begins = index > 0 && group !== undefined && group !== columns[index - 1].group;
  return [
    align === "right" ? "number" : "text",
    ...(begins ? ["begins"] : []),
    ...(ofBlock ? ["of-block"] : []),
    ...(toned ? ["toned"] : []),
  ].join(" ");
}

function headings(columns: readonly Column[]): Html {
  const lower = columns.map(
    ({ heading }, index) => html`<th scope="col" class="${classes(columns, index)}">${heading}</th>`,
  );
  if (!columns.some(({ group }) => group)) return html`<tr>${lower}</tr>`;
  const upper = spans(columns).map(({ group, columns: width }) =>
    group === ""
      ? html`<td></td>`
      : html`<th scope="colgroup" colspan="${width}" class="group"><span>${group}</span></th>`,
  );
  return html`<tr>${upper}</tr><tr>${lower}</tr>`;
}

function body({ cells, tone, continues = false }: Row, columns: readonly Column[]): Html {
  const [name, ...figures] = cells;
  const look = [...(tone ? [tone] : []), ...(continues ? ["continues"] : [])].join(" ");
  return html`<tr${look ? html` class="${look}"` : ""}><th scope="row">${name}</th>${figures.map(
    (cell, index) => html`<td class="${classes(columns, index + 1)}">${typographic(cell)}</td>`,
  )}</tr>\n`;
}

/** Scrolls sideways where the window is narrow; `tall` also downwards on screen, never in print. */
export function htmlTable(table: ReportTable, { tall = false } = {}): Html {
  const { title, columns, rows, notes } = table;
  return html`<div class="table${tall ? " tall" : ""}" role="region" aria-label="${title}" tabindex="0">
<table><caption>${title}</caption><thead>${headings(columns)}</thead><tbody>
${rows.map((row) => body(row, columns))}</tbody></table></div>
${notes.map((note) => html`<p class="note">${typographic(note)}</p>\n`)}`;
}
