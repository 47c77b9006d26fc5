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

function drawn(title: string, description: string, options: Plot.PlotOptions): Html {
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
  return trusted(drawing.outerHTML.replace(/^<svg /, () => named.html));
}

/** @param shape `wide`: a chart of its own, with its caption beside it; where the window is narrow, it scrolls. */
export function chart(
  { title, description, caption }: ChartText,
  options: Plot.PlotOptions,
  shape: "column" | "wide" = "column",
): Html {
  const svg = drawn(title, description, options);
  return shape === "wide"
    ? html`<figure class="chart wide aside"><h3>${title}</h3><div class="drawing" role="region" aria-label="${title}" tabindex="0">${svg}</div><figcaption>${typographic(caption)}</figcaption></figure>\n`
    : html`<figure class="chart"><h3>${title}</h3>${svg}<figcaption>${typographic(caption)}</figcaption></figure>\n`;
}

export interface Part {
  readonly description: string;
  readonly options: Plot.PlotOptions;
}

/** One chart in several drawings: side by side where the window is wide, one below the other where it is narrow. */
export function chartOfParts({ title, caption }: Pick<ChartText, "title" | "caption">, parts: readonly Part[]): Html {
  const svgs = parts.map(({ description, options }, index) =>
    drawn(parts.length === 1 ? title : `${title}, part ${index + 1} of ${parts.length}`, description, options),
  );
  return html`<figure class="chart parts${parts.length === 1 ? " aside" : ""}"><h3>${title}</h3><div class="grid">${svgs}</div><figcaption>${typographic(caption)}</figcaption></figure>\n`;
}

/** Where there is nothing to draw. */
export function missingChart(title: string, why: string): Html {
  return html`<figure class="chart missing"><h3>${title}</h3><p>${why}</p></figure>\n`;
}
