/** @file The map of a scan: roles against layers, a colour for each matrix. Knows no particular measure. */
import type { MatrixScanRecord } from "../records/scan-record.js";
import { absent, counted, exists } from "./figure-text.js";
import { type Html, html, trusted } from "./html.js";
import type { MapMeasure } from "./scan-measures.js";

/** What the page's script needs to colour a cell: shade, text, and the range over several matrices; or nothing. */
export type CellLook = readonly [shade: number, text: string, range?: string] | null;

/** Several matrices in one cell are experts: the shade and the text of their mean. */
export function cellLook(matrices: readonly MatrixScanRecord[], { value, shade, text }: MapMeasure): CellLook {
  const values = matrices.map(value).filter(exists);
  if (values.length === 0) return null;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const look = [Number(shade(mean).toFixed(2)), text(mean)] as const;
  return values.length === 1 ? look : [...look, `mean; ${text(Math.min(...values))} to ${text(Math.max(...values))}`];
}

export interface MapCell {
  readonly role: string;
  /** Null for what belongs to none. */
  readonly layer: number | null;
  /** In a row for itself, beside the row of all experts of the role. */
  readonly expert: number | null;
  /** Places in the record. */
  readonly matrices: readonly number[];
}

const keyOf = (role: string, layer: number | null, expert: number | null) => JSON.stringify([role, layer, expert]);

/** One for each role of a layer; where those are several experts, also one for each. */
export function mapCells(matrices: readonly MatrixScanRecord[]): MapCell[] {
  const cells = new Map<string, MapCell & { matrices: number[] }>();
  const put = (index: number, expert: number | null) => {
    const { role, layer } = matrices[index];
    const key = keyOf(role, layer, expert);
    const cell = cells.get(key) ?? { role, layer, expert, matrices: [] };
    cell.matrices.push(index);
    cells.set(key, cell);
  };
  for (const index of matrices.keys()) put(index, null);
  const several = [...cells.values()].filter(({ matrices: places }) => places.length > 1);
  for (const { matrices: places } of several)
    for (const index of places) if (matrices[index].expert !== null) put(index, matrices[index].expert);
  return [...cells.values()];
}

/** Name of the cell, for its tooltip and for who does not see its colour. */
export function cellName({ matrices: places }: MapCell, matrices: readonly MatrixScanRecord[]): string {
  const { name } = matrices[places[0]];
  return places.length === 1 ? name : `${name} and ${counted(places.length - 1, "more", "more")}`;
}

/** Several matrices are named by their places in the record, for the script to offer each. */
function cellButton(index: number, name: string, look: CellLook, places: readonly number[]): Html {
  const [shade, text, range] = look ?? [0, absent];
  const title = `${name}: ${text}${range ? ` (${range})` : ""}`;
  const side = shade < 0 ? "below" : "above";
  const several = places.length > 1 ? html` data-places="${places.join(" ")}"` : "";
  return html`<td><button type="button" class="cell ${side}" data-cell="${index}"${several} data-name="${name}" title="${title}" aria-label="${title}" style="--shade:${Math.abs(shade)}">${text}</button></td>`;
}

/** The colours of the scale with what they stand for. */
function legend({ scale: [low, middle, high] }: MapMeasure): Html {
  return html`<p class="scale" id="scale"><span>${low ?? ""}</span><span class="bar below"${low === null ? trusted(" hidden") : ""}></span><span>${middle}</span><span class="bar above"></span><span>${high}</span></p>`;
}

export function heatMap(matrices: readonly MatrixScanRecord[], measure: MapMeasure): Html {
  const cells = mapCells(matrices);
  const layered = cells.filter(({ layer }) => layer !== null);
  const layers = [...new Set(layered.map(({ layer }) => layer!))].sort((a, b) => a - b);
  const place = new Map(cells.map(({ role, layer, expert }, index) => [keyOf(role, layer, expert), index]));
  const drawn = (role: string, layer: number | null, expert: number | null) => {
    const index = place.get(keyOf(role, layer, expert));
    if (index === undefined) return html`<td></td>`;
    const cell = cells[index];
    const look = cellLook(
      cell.matrices.map((one) => matrices[one]),
      measure,
    );
    return cellButton(index, cellName(cell, matrices), look, cell.matrices);
  };
  const experts = new Map<string, Set<number>>();
  for (const { role, expert } of layered)
    if (expert !== null) experts.set(role, (experts.get(role) ?? new Set<number>()).add(expert));
  const row = (role: string, expert: number | null) =>
    html`<tr${expert === null ? "" : trusted(' class="expert" hidden')}><th scope="row">${role}${expert === null ? "" : ` ${expert}`}</th>${layers.map((layer) => drawn(role, layer, expert))}</tr>\n`;
  const roles = [...new Set(layered.map(({ role }) => role))];
  const others = cells.filter(({ layer, expert }) => layer === null && expert === null);
  return html`${legend(measure)}${
    experts.size > 0
      ? html`<p><label><input type="checkbox" id="experts" disabled> a row for each expert</label></p>`
      : ""
  }
${
  roles.length > 0
    ? html`<div class="table map" role="region" aria-label="Map of the matrices by layer" tabindex="0"><table>
<thead><tr><th scope="col">layer</th>${layers.map((layer) => html`<th scope="col">${layer}</th>`)}</tr></thead>
<tbody>${roles.map((role) => [row(role, null), ...[...(experts.get(role) ?? [])].sort((a, b) => a - b).map((expert) => row(role, expert))])}</tbody></table></div>`
    : ""
}${
  others.length > 0
    ? html`<div class="table map" role="region" aria-label="Matrices outside the layers" tabindex="0"><table>
${roles.length > 0 ? html`<thead><tr><th scope="col" colspan="2">outside the layers</th></tr></thead>` : ""}
<tbody>${others.map(({ role }) => html`<tr><th scope="row">${role}</th>${drawn(role, null, null)}</tr>\n`)}</tbody></table></div>`
    : ""
}`;
}
