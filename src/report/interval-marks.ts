/** @file A mean with its interval on an axis that ends: what lies beyond is pointed at, what lies within is always drawn. Knows no arms. */
import * as Plot from "@observablehq/plot";
import type { SeriesLook } from "./arm-look.js";
import { exists, signed } from "./figure-text.js";
import { typographic } from "./html.js";

export interface DrawnInterval {
  /** On the channel y. */
  readonly y: number | string;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Whether it shows something, one way or the other; what is open is drawn hollow. */
  readonly decided: boolean;
  readonly look: SeriesLook;
}

/** From the left end to the right one. */
export type Axis = readonly [left: number, right: number];

/** Of the 12 px sans-serif of the page, on the safe side. */
const characterWidth = 7;
/** From the end of the axis to the figure beside it, past the arrowhead. */
const besideEnd = 10;

const figure = ({ mean }: DrawnInterval) => typographic(`${signed(mean, 1)}%`);

/** Pixels that the figures of means beyond the right end take. */
export function widthBeside(intervals: readonly DrawnInterval[], [, right]: Axis): number {
  const lengths = intervals.filter(({ mean }) => mean > right).map((one) => figure(one).length);
  return lengths.length === 0 ? 0 : besideEnd + Math.max(...lengths) * characterWidth;
}

function dotLook({ decided, look }: DrawnInterval) {
  return decided
    ? { fill: look.color, stroke: "var(--paper)", strokeWidth: 0.8 }
    : { fill: "var(--paper)", stroke: look.color, strokeWidth: 1.7 };
}

/** Where it goes on beyond one end of the axis. */
function arrowhead(interval: DrawnInterval, at: number, rotate: number): Plot.Markish {
  const { y } = interval;
  return Plot.dot([0], { x: () => at, y: () => y, symbol: "triangle", rotate, r: 3.8, ...dotLook(interval) });
}

function farFigure(interval: DrawnInterval, [left, right]: Axis): Plot.Markish {
  const { mean, y, look } = interval;
  const at = mean > right ? right : left;
  // Beyond the right end there is room for it; at the left end it stands on what is drawn.
  return Plot.text([figure(interval)], {
    ...{ x: () => at, y: () => y, dx: besideEnd, textAnchor: "start", fill: look.color },
    ...(mean < left && { stroke: "var(--paper)", strokeWidth: 4 }),
  });
}

/** @param size radius of the dot in pixels. */
export function intervalMarks(interval: DrawnInterval, axis: Axis, size = 4.6): Plot.Markish[] {
  const { y, mean, look } = interval;
  const [left, right] = axis;
  const low = exists(interval.low) ? interval.low : mean;
  const high = exists(interval.high) ? interval.high : mean;
  const bounds = { x1: Math.max(left, low), x2: Math.min(right, high) };
  return [
    bounds.x1 < bounds.x2
      ? Plot.ruleY([0], { y: () => y, ...bounds, stroke: look.color, strokeWidth: 2.6, strokeLinecap: "round" })
      : null,
    low < left ? arrowhead(interval, left, -90) : null,
    high > right ? arrowhead(interval, right, 90) : null,
    mean >= left && mean <= right
      ? Plot.dot([0], { x: () => mean, y: () => y, symbol: look.symbol, r: size, ...dotLook(interval) })
      : farFigure(interval, axis),
  ];
}

/** What the caption says of it. */
export const intervalCaption =
  "Filled: shown, one way or the other; hollow: open. Arrowheads: it goes on beyond what is drawn; where the mean lies there, its figure stands beside.";
