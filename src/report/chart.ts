/** @file A drawing as one SVG with a title, a description and a caption. Knows no data. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Html, html, trusted, typographic } from "./html.js";

/** Drawn at this size and scaled by the page: one column of a wide window, the whole of a narrow one. */
export const chartWidth = 470;
export const chartHeight = 310;

export interface ChartText {
  readonly title: string;
  /** Read aloud in place of the drawing: what it shows and its main figures. */
  readonly description: string;
  /** Below the drawing. */
  readonly caption: string;
}

interface Element {
  readonly outerHTML: string;
}

/** @param shape `wide`: a chart of its own, beside which there is none. */
export function chart(
  { title, description, caption }: ChartText,
  options: Plot.PlotOptions,
  shape: "column" | "wide" = "column",
): Html {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const drawing: Element = Plot.plot({
    document,
    className: "plot",
    width: chartWidth,
    height: chartHeight,
    ...options,
  });
  // Written here and not by the library, whose serializer leaves angle brackets in attributes as they are.
  const named = html`<svg role="img" aria-label="${title}" aria-description="${description}" `;
  const svg = trusted(drawing.outerHTML.replace(/^<svg /, () => named.html));
  return html`<figure class="${shape === "wide" ? "chart wide" : "chart"}"><h3>${title}</h3>${svg}<figcaption>${typographic(caption)}</figcaption></figure>\n`;
}

/** Where there is nothing to draw. */
export function missingChart(title: string, why: string): Html {
  return html`<figure class="chart missing"><h3>${title}</h3><p>${why}</p></figure>\n`;
}
