/** @file A report table as HTML. Knows nothing of what the table says. */
import { type Html, html, trusted, typographic } from "./html.js";
import type { Column, ReportTable, Row } from "./report-table.js";

interface Span {
  readonly group: string;
  /** The first of its columns. */
  readonly begin: number;
  readonly columns: number;
}

function spans(columns: readonly Column[]): Span[] {
  const result: Span[] = [];
  for (const [begin, { group = "" }] of columns.entries()) {
    const last = result.at(-1);
    if (last && last.group === group && group !== "")
      result[result.length - 1] = { ...last, columns: last.columns + 1 };
    else result.push({ group, begin, columns: 1 });
  }
  return result;
}

/** Where the window is narrow, a heading that is no longer stays on one line: over narrow figures it would take three, and make the head of the table tall. */
const shortHeading = 18;

/** Whether a column says more of what the first one names, for a whole block. */
const isBeside = (columns: readonly Column[], index: number) => index === 1 && columns[1]?.ofBlock === true;

/**
 * A group begins with a little more space; its columns belong together. Where the window is narrow and rows form blocks, the name of a
 * block stands above its rows, what is `beside` it goes with it, and `part` is what names a row.
 */
function classes(columns: readonly Column[], index: number): string {
  const { align = "left", group, ofBlock = false, toned = false } = columns[index];
  const begins = index > 0 && group !== undefined && group !== columns[index - 1].group;
  return [
    align === "right" ? "number" : "text",
    ...(begins ? ["begins"] : []),
    ...(ofBlock ? ["of-block"] : []),
    ...(toned ? ["toned"] : []),
    ...(isBeside(columns, index) ? ["beside"] : []),
    ...(index > 0 && !isBeside(columns, index) && (index === 1 || isBeside(columns, index - 1)) ? ["part"] : []),
  ].join(" ");
}

function headings(columns: readonly Column[]): Html {
  const lower = columns.map(
    ({ heading }, index) =>
      html`<th scope="col" class="${classes(columns, index)}${heading.length <= shortHeading ? " short" : " long"}">${heading}</th>`,
  );
  if (!columns.some(({ group }) => group)) return html`<tr>${lower}</tr>`;
  const upper = spans(columns).map(({ group, begin, columns: width }) =>
    group === ""
      ? html`<td${isBeside(columns, begin) ? trusted(' class="beside"') : ""}></td>`
      : html`<th scope="colgroup" colspan="${width}" class="group"><span>${group}</span></th>`,
  );
  return html`<tr>${upper}</tr><tr>${lower}</tr>`;
}

function body({ cells, tone, continues = false }: Row, columns: readonly Column[]): Html {
  const [name, ...figures] = cells;
  const beside = !continues && isBeside(columns, 1) ? html` data-beside="${figures[0]}"` : "";
  const look = [...(tone ? [tone] : []), ...(continues ? ["continues"] : [])].join(" ");
  return html`<tr${look ? html` class="${look}"` : ""}><th scope="row"${beside}>${name}</th>${figures.map(
    (cell, index) => html`<td class="${classes(columns, index + 1)}">${typographic(cell)}</td>`,
  )}</tr>\n`;
}

/** Scrolls sideways where the window is narrow; `tall` also downwards on screen, never in print. */
export function htmlTable(table: ReportTable, { tall = false } = {}): Html {
  const { title, columns, rows, notes } = table;
  const blocks = rows.some(({ continues }) => continues);
  return html`<div class="table${tall ? " tall" : ""}" role="region" aria-label="${title}" tabindex="0">
<table${blocks ? trusted(' class="blocks"') : ""}><caption>${title}</caption><thead>${headings(columns)}</thead><tbody>
${rows.map((row) => body(row, columns))}</tbody></table></div>
${notes.map((note) => html`<p class="note">${typographic(note)}</p>\n`)}`;
}
