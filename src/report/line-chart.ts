/** @file Lines over a common axis, each named at its right end. Knows nothing of what is measured. */
import * as Plot from "@observablehq/plot";
import type { SeriesLook } from "./arm-look.js";
import { type ChartText, chart, chartHeight, missingChart } from "./chart.js";
import type { Html } from "./html.js";
import { spreadLabels } from "./spread-labels.js";

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly name: string;
  readonly look: SeriesLook;
  readonly points: readonly Point[];
  /** [x, low, high] */
  readonly band?: readonly (readonly [number, number, number])[];
  /** `line` by default; `points` for figures that are given at a few places only. */
  readonly shape?: "line" | "line with points" | "points";
  readonly thin?: boolean;
}

export interface Rule {
  readonly y: number;
  readonly label: string;
}

export interface LineChart extends ChartText {
  readonly x: { readonly label: string; readonly ticks?: readonly number[] };
  readonly y: { readonly label: string; readonly log?: boolean; readonly include?: readonly number[] };
  readonly series: readonly Series[];
  readonly rules?: readonly Rule[];
  /** Values of y that are shaded, from the first to the second. */
  readonly shaded?: readonly [number, number];
  /** A point to ring. */
  readonly ring?: Point;
}

const margin = { top: 34, bottom: 40, left: 54 };
const lineHeight = 14;
/** Of the 12 px sans-serif of the page, on the safe side. */
const characterWidth = 6.4;
const muted = "var(--muted)";

/** A domain a little larger than the values. */
function domainOf(values: readonly number[], log: boolean): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (log) return [low / 1.1, high * 1.1];
  const pad = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - pad, high + pad];
}

/** Powers of ten, with 2 and 5 between where there are few. */
function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Math.ceil(Math.log10(high)) - first;
  const mantissas = decades <= 3 ? [1, 2, 5] : [1];
  return Array.from({ length: decades + 1 }, (_, index) => first + index)
    .flatMap((exponent) => mantissas.map((mantissa) => Number(`${mantissa}e${exponent}`)))
    .filter((tick) => tick >= low && tick <= high);
}

interface Label {
  readonly text: string;
  readonly color: string;
  readonly x: number;
  readonly y: number;
}

function marksOf({ look, points, band, shape = "line", thin = false }: Series): Plot.Markish[] {
  const marks: Plot.Markish[] = [];
  if (band)
    marks.push(
      // Not an `ariaLabel`, which is a channel: a string is read as the name of a column, and what has none is not drawn.
      Plot.areaY(band, {
        ...{ x: "0", y1: "1", y2: "2", fill: look.color, fillOpacity: 0.14 },
        ariaDescription: "from the smallest to the largest",
      }),
    );
  if (shape !== "points")
    marks.push(
      Plot.lineY(points, {
        x: "0",
        y: "1",
        stroke: look.color,
        strokeWidth: thin ? 1.1 : 1.9,
        strokeDasharray: look.dash,
        strokeLinejoin: "round",
      }),
    );
  if (shape === "line with points") marks.push(Plot.dot(points, { x: "0", y: "1", fill: look.color, r: 2.6 }));
  if (shape === "points")
    marks.push(
      Plot.dot(points, {
        x: "0",
        y: "1",
        stroke: look.color,
        strokeWidth: 1.6,
        symbol: "diamond",
        r: 4,
        fill: "var(--paper)",
      }),
    );
  return marks;
}

/** Series without points are left out; figures that are not positive have no place on a logarithmic axis. */
export function lineChart(options: LineChart): Html {
  const { x, y, rules = [], shaded, ring } = options;
  const log = y.log ?? false;
  const series = options.series
    .map((one) => ({ ...one, points: one.points.filter(([, value]) => !log || value > 0) }))
    .filter(({ points }) => points.length > 0);
  if (series.length === 0) return missingChart(options.title, "No figures on record.");

  const values = series.flatMap(({ points, band = [] }) => [
    ...points.map(([, value]) => value),
    ...band.flatMap(([, low, high]) => [low, high]),
  ]);
  const [low, high] = domainOf([...values, ...rules.map((rule) => rule.y), ...(y.include ?? [])], log);
  const xs = series.flatMap(({ points }) => points.map(([at]) => at));
  const xDomain: [number, number] = [Math.min(...xs), Math.max(...xs)];

  const labels: Label[] = [
    ...series.map(({ name, look, points }) => {
      const [at, value] = points.reduce((a, b) => (b[0] >= a[0] ? b : a));
      return { text: name, color: look.color, x: at, y: value };
    }),
    ...rules.map((rule) => ({ text: rule.label, color: muted, x: xDomain[1], y: rule.y })),
  ];
  const scale = log ? Math.log : (value: number) => value;
  const plotted = chartHeight - margin.top - margin.bottom;
  const pixel = (value: number) => (1 - (scale(value) - scale(low)) / (scale(high) - scale(low))) * plotted;
  const wanted = labels.map((label) => pixel(label.y));
  const placed = spreadLabels(wanted, lineHeight, plotted);

  return chart(options, {
    marginTop: margin.top,
    marginBottom: margin.bottom,
    marginLeft: margin.left,
    marginRight: 16 + Math.max(...labels.map(({ text }) => text.length)) * characterWidth,
    x: { label: x.label, domain: xDomain, ...(x.ticks && { ticks: x.ticks, tickFormat: "d" }), labelAnchor: "center" },
    y: {
      label: y.label,
      domain: [low, high],
      type: log ? "log" : "linear",
      grid: true,
      ticks: log ? logTicks(low, high) : 6,
      ...(log && { tickFormat: "~g" }),
    },
    marks: [
      shaded
        ? Plot.rect([shaded], {
            x1: xDomain[0],
            x2: xDomain[1],
            y1: Math.max(low, shaded[0]),
            y2: Math.min(high, shaded[1]),
            fill: "var(--shade)",
          })
        : null,
      rules.map((rule) => Plot.ruleY([rule.y], { stroke: muted, strokeDasharray: "3 3" })),
      series.map(marksOf),
      ring ? Plot.dot([ring], { x: "0", y: "1", r: 7, stroke: "currentColor", strokeWidth: 1.4 }) : null,
      labels.map((label, index) =>
        Plot.text([label], {
          x: () => xDomain[1],
          y: "y",
          text: "text",
          fill: label.color,
          textAnchor: "start",
          dx: 8,
          dy: placed[index] - wanted[index],
        }),
      ),
    ],
  });
}
