/** @file The map of a scan: roles against layers, a colour for each matrix. Knows no particular measure. */
import type { MatrixScanRecord } from "../records/scan-record.js";
import { exists } from "./figure-text.js";
import { type Html, html } from "./html.js";
import type { MapMeasure } from "./scan-measures.js";

/** What the page's script needs to colour a cell: shade and text, or nothing. */
export type CellLook = readonly [shade: number, text: string] | null;

/** Several matrices in one cell are experts: their mean shade, and their number. */
export function cellLook(matrices: readonly MatrixScanRecord[], measure: MapMeasure): CellLook {
  const values = matrices.flatMap((matrix) => {
    const value = measure.value(matrix);
    return exists(value) ? [value] : [];
  });
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [Number(measure.shade(mean).toFixed(2)), measure.text(mean)];
}

export interface MapCell {
  readonly role: string;
  /** Null for what belongs to none. */
  readonly layer: number | null;
  /** Places in the record. */
  readonly matrices: readonly number[];
}

export function mapCells(matrices: readonly MatrixScanRecord[]): MapCell[] {
  const cells = new Map<string, { role: string; layer: number | null; matrices: number[] }>();
  for (const [index, { role, layer }] of matrices.entries()) {
    const key = JSON.stringify([role, layer]);
    const cell = cells.get(key) ?? { role, layer, matrices: [] };
    cell.matrices.push(index);
    cells.set(key, cell);
  }
  return [...cells.values()];
}

/** Blue below noise, orange above, in a strength that the script and this share. */
export function shadeStyle([shade]: readonly [number, string]): string {
  const color = shade < 0 ? "var(--series-1)" : "var(--series-2)";
  return `background: color-mix(in srgb, ${color} ${Math.round(Math.abs(shade) * 70)}%, transparent)`;
}

export function heatMap(matrices: readonly MatrixScanRecord[], measure: MapMeasure): Html {
  const cells = mapCells(matrices);
  const layered = cells.filter(({ layer }) => layer !== null);
  const layers = [...new Set(layered.map(({ layer }) => layer!))].sort((a, b) => a - b);
  const roles = [...new Set(layered.map(({ role }) => role))];
  const place = new Map(cells.map((cell, index) => [JSON.stringify([cell.role, cell.layer]), { cell, index }]));
  const drawn = (role: string, layer: number | null) => {
    const found = place.get(JSON.stringify([role, layer]));
    if (!found) return html`<td></td>`;
    const chosen = found.cell.matrices.map((index) => matrices[index]);
    const look = cellLook(chosen, measure);
    const name = chosen.length === 1 ? chosen[0].name : `${chosen[0].name} and ${chosen.length - 1} more`;
    return html`<td><button type="button" class="cell" data-cell="${found.index}" title="${name}" style="${look ? shadeStyle(look) : ""}">${look ? look[1] : "–"}</button></td>`;
  };
  const others = cells.filter(({ layer }) => layer === null);
  return html`<div class="table map" role="region" aria-label="Map of the matrices" tabindex="0"><table>
${
  layers.length > 0
    ? html`<thead><tr><th scope="col">layer</th>${layers.map((layer) => html`<th scope="col" class="number">${layer}</th>`)}</tr></thead>`
    : ""
}
<tbody>${roles.map((role) => html`<tr><th scope="row">${role}</th>${layers.map((layer) => drawn(role, layer))}</tr>\n`)}
${others.map(({ role }) => html`<tr><th scope="row">${role}</th>${drawn(role, null)}</tr>\n`)}</tbody></table></div>`;
}
