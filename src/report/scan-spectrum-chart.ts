/** @file A spectrum beside that of noise, as lines in a picture. Knows no page and no script. */
import type { MeasuresRecord } from "../records/scan-record.js";
import { exists, fixed } from "./figure-text.js";
import { type Html, html } from "./html.js";

/** What is to be drawn, in the coordinates of the picture, so that the page's script has only to place it. */
export interface SpectrumDrawing {
  /** SVG points: `x,y x,y ...`. */
  readonly value: string;
  readonly noise: string;
  readonly ticks: readonly (readonly [y: number, text: string])[];
  readonly ranks: readonly (readonly [x: number, text: string])[];
  /** Height of the Marchenko-Pastur edge; null where there is none in the picture. */
  readonly edge: number | null;
  /** Read aloud in place of the picture. */
  readonly description: string;
}

export const picture = { width: 580, height: 330 } as const;
const box = { left: 56, right: 566, top: 16, bottom: 286 } as const;
/** Values further below the largest lie on the floor: rounding would fill the picture. */
const decades = 4;

const rounded = (coordinate: number) => Math.round(coordinate * 10) / 10;

function ticksBetween(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const count = Math.ceil(Math.log10(high)) - first;
  const mantissas = count <= 3 ? [1, 2, 5] : [1];
  return Array.from({ length: count + 1 }, (_, index) => first + index)
    .flatMap((exponent) => mantissas.map((mantissa) => Number(`${mantissa}e${exponent}`)))
    .filter((tick) => tick >= low && tick <= high);
}

/** @returns null where there is no spectrum, or nothing in it that has a logarithm. */
export function spectrumDrawing({ spectrum, edge, spikes }: MeasuresRecord): SpectrumDrawing | null {
  if (!spectrum || spectrum.rank.length === 0) return null;
  const { rank, value, noise } = spectrum;
  const positive = [...value, ...noise].filter((size) => size > 0 && Number.isFinite(size));
  if (positive.length === 0) return null;
  const largest = Math.max(...positive, exists(edge) ? edge : 0);
  const high = largest * 1.15;
  const low = Math.max(Math.min(...positive), largest / 10 ** decades) / 1.15;
  const last = rank[rank.length - 1];
  const x = (r: number) => rounded(box.left + (last > 1 ? Math.log(r) / Math.log(last) : 0.5) * (box.right - box.left));
  const y = (size: number) =>
    rounded(box.bottom - (Math.log(Math.max(size, low) / low) / Math.log(high / low)) * (box.bottom - box.top));
  const points = (sizes: readonly number[]) => rank.map((r, index) => `${x(r)},${y(sizes[index])}`).join(" ");
  const powers = Array.from({ length: Math.floor(Math.log10(last) + 1e-9) + 1 }, (_, exponent) => 10 ** exponent);
  const drawnEdge = exists(edge) && edge > low ? y(edge) : null;
  return {
    value: points(value),
    noise: points(noise),
    ticks: ticksBetween(low, high).map((tick) => [y(tick), String(tick)]),
    ranks: powers.map((r) => [x(r), String(r)]),
    edge: drawnEdge,
    description: `Singular values by rank on logarithmic axes: the largest is ${value[0].toPrecision(3)}, that of noise ${noise[0].toPrecision(3)}${exists(spikes) ? `; ${fixed(spikes, 0)} above the edge` : ""}.`,
  };
}

const nothing = "There is no spectrum of this matrix.";

/** @param part id of the figure, by which the script finds it. */
export function spectrumFigure(part: "itself" | "change", title: string, drawing: SpectrumDrawing | null): Html {
  return html`<figure class="chart wide" id="spectrum-${part}"><h3>${title}</h3><svg class="spectrum" viewBox="0 0 ${picture.width} ${picture.height}" role="img" aria-label="${drawing?.description ?? nothing}">${drawing ? content(drawing) : absence()}</svg></figure>\n`;
}

const absence = () => html`<text x="${box.left}" y="150">${nothing}</text>`;

function content({ value, noise, ticks, ranks, edge }: SpectrumDrawing): Html {
  return html`${ticks.map(([y, text]) => html`<line class="grid-line" x1="${box.left}" x2="${box.right}" y1="${y}" y2="${y}"/><text class="tick" x="${box.left - 6}" y="${y + 4}" text-anchor="end">${text}</text>`)}${ranks.map(([x, text]) => html`<text class="tick" x="${x}" y="${box.bottom + 18}" text-anchor="middle">${text}</text>`)}<text class="tick" x="${(box.left + box.right) / 2}" y="${box.bottom + 36}" text-anchor="middle">rank (log scale)</text>${
    edge === null
      ? ""
      : html`<line class="edge" x1="${box.left}" x2="${box.right}" y1="${edge}" y2="${edge}"/><text class="edge-name" x="${box.right}" y="${edge - 5}" text-anchor="end">edge of the noise</text>`
  }<polyline class="noise-line" points="${noise}"/><polyline class="value-line" points="${value}"/>`;
}

/** The browser's twin of `content`: draws `drawing` into `figure`. */
export const spectrumScript = `const nothing = ${JSON.stringify(nothing)};
const svg = (name, attributes, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};
function drawSpectrum(figure, drawing) {
  const target = figure.querySelector("svg");
  target.setAttribute("aria-label", drawing ? drawing.description : nothing);
  if (!drawing) return target.replaceChildren(svg("text", { x: ${box.left}, y: 150 }, nothing));
  const { value, noise, ticks, ranks, edge } = drawing;
  const across = (name, y) => svg("line", { class: name, x1: ${box.left}, x2: ${box.right}, y1: y, y2: y });
  target.replaceChildren(
    ...ticks.flatMap(([y, text]) => [across("grid-line", y), svg("text", { class: "tick", x: ${box.left - 6}, y: y + 4, "text-anchor": "end" }, text)]),
    ...ranks.map(([x, text]) => svg("text", { class: "tick", x, y: ${box.bottom + 18}, "text-anchor": "middle" }, text)),
    svg("text", { class: "tick", x: ${(box.left + box.right) / 2}, y: ${box.bottom + 36}, "text-anchor": "middle" }, "rank (log scale)"),
    ...(edge === null ? [] : [across("edge", edge), svg("text", { class: "edge-name", x: ${box.right}, y: edge - 5, "text-anchor": "end" }, "edge of the noise")]),
    svg("polyline", { class: "noise-line", points: noise }),
    svg("polyline", { class: "value-line", points: value }),
  );
}`;
