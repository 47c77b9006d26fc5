/** @file The delta of every arm of every target with its interval, against the margin: a block for each target, a line for each arm. */
import * as Plot from "@observablehq/plot";
import type { TestRecord } from "../records/test-record.js";
import { armLook, type SeriesLook } from "./arm-look.js";
import { armDeltaText } from "./arms-table.js";
import { chart, missingChart } from "./chart.js";
import { absent, exists, type Figure, fixed, signed } from "./figure-text.js";
import { type Html, typographic } from "./html.js";
import { type ArmResult, armNamesOf, type TargetResult, targetResults } from "./target-results.js";

/** An arm further off than this many margins is drawn as an arrow at the edge. Fewer than where there is one target: most targets lie near 0. */
const farthestInMargins = 4;
const width = 640;
const margins = { top: 54, bottom: 44, right: 24 };
const blockGap = 12;
const headingHeight = 20;
const lineHeight = 17;
/** Of the 12 px sans-serif of the page, on the safe side. */
const characterWidth = 6.6;

interface Line {
  readonly arm: string;
  readonly look: SeriesLook;
  /** Pixels below the frame's top. */
  readonly y: number;
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Why there is no dot; null where there is one. */
  readonly instead: string | null;
}

interface Block {
  readonly label: string;
  readonly verdict: string;
  readonly y: number;
  readonly lines: readonly Line[];
}

function lineOf({ arm, figures, summary }: ArmResult, y: number, names: readonly string[], margin: number): Line {
  const { mean, low, high } = figures.deltaPercent;
  const instead = exists(mean)
    ? null
    : armDeltaText(figures.deltaPercent, summary, margin).replace(absent, "no figure");
  return { arm, look: armLook(names, arm), y, mean, low, high, instead };
}

function blocksOf(results: readonly TargetResult[], names: readonly string[], margin: number): Block[] {
  const heights = results.map(({ arms }) => headingHeight + arms.length * lineHeight + blockGap);
  return results.map(({ label, verdict, arms }, index) => {
    const y = heights.slice(0, index).reduce((sum, height) => sum + height, headingHeight / 2);
    return {
      label,
      verdict,
      y,
      lines: arms.map((arm, place) => lineOf(arm, y + (place + 1) * lineHeight, names, margin)),
    };
  });
}

/** Where the axis ends on one side. @param figures distances from 0 to that side */
function reach(figures: readonly Figure[], margin: number): number {
  const largest = Math.max(1.6 * margin, ...figures.filter(exists));
  return 1.06 * Math.min(largest, farthestInMargins * margin);
}

function lineMarks(line: Line, left: number, right: number): Plot.Markish[] {
  const { mean, low, high, look, y, instead } = line;
  const { color } = look;
  const text = (at: number, what: string, textAnchor: "start" | "end") =>
    Plot.text([typographic(what)], {
      x: () => at,
      y: () => y,
      textAnchor,
      dx: textAnchor === "end" ? -6 : 6,
      fill: color,
    });
  if (instead !== null || !exists(mean)) return [text(right, instead ?? absent, "end")];
  if (mean > right) return [text(right, `${signed(mean, 1)}% →`, "end")];
  if (mean < left) return [text(left, `← ${signed(mean, 1)}%`, "start")];
  const marks: Plot.Markish[] = [];
  if (exists(low) && exists(high)) {
    const bounds = { x1: Math.max(left, low), x2: Math.min(right, high) };
    marks.push(Plot.ruleY([y], { ...bounds, stroke: color, strokeWidth: 2.6, strokeLinecap: "round" }));
    const ends = [...(low < left ? [[left, -90]] : []), ...(high > right ? [[right, 90]] : [])];
    for (const [at, rotate] of ends)
      marks.push(Plot.dot([y], { x: () => at, y: () => y, symbol: "triangle", rotate, r: 3.6, fill: color }));
  }
  marks.push(
    Plot.dot([mean], {
      x: () => mean,
      y: () => y,
      symbol: look.symbol,
      r: 4.6,
      fill: color,
      stroke: "var(--paper)",
      strokeWidth: 0.8,
    }),
  );
  return marks;
}

function described({ label, verdict, arms }: TargetResult, margin: number): string {
  const deltas = arms.map(
    ({ arm, figures, summary }) => `${arm} ${armDeltaText(figures.deltaPercent, summary, margin)}`,
  );
  return `${label}, ${verdict}: ${deltas.join(", ")}`;
}

/** Grows downwards with the number of targets. */
export function targetDeltaChart(record: TestRecord): Html {
  const { margin, floor, confidence } = record.verdicts;
  const title = "Cost of each arm, with its interval";
  const results = targetResults(record).filter(({ arms }) => arms.length > 0);
  if (results.length === 0) return missingChart(title, "No arm on record.");
  const names = armNamesOf(results);
  const blocks = blocksOf(results, names, margin);
  const lines = blocks.flatMap((block) => block.lines);
  const figures = lines.flatMap(({ mean, low, high }) => [mean, low, high]).filter(exists);
  const left = -reach(
    figures.map((figure) => -figure),
    margin,
  );
  const right = reach(figures, margin);
  const height = lines[lines.length - 1].y + lineHeight;
  const noise = exists(floor.meanAbsoluteDeltaPercent) ? floor.meanAbsoluteDeltaPercent : null;
  const marginLeft = 14 + Math.max(...names.map(({ length }) => length)) * characterWidth;
  const axis = { ticks: 7, tickFormat: (value: number) => typographic(signed(value, 1)) };
  const label = "delta against full (% of its held-out loss)";
  return chart(
    {
      title,
      description: `Delta of the held-out loss against full fine-tuning in percent, with its interval; the margin is ${margin}%. ${results.map((result) => described(result, margin)).join("; ")}.`,
      caption: `Dots and bars: mean over seeds with the adjusted ${fixed(confidence * 100, 0)}% interval. A bar that ends left of the line at +${margin}% shows that the arm holds; one that begins right of it shows that it is worse. Arrows: further off than is drawn.${noise === null ? "" : ` Shaded about 0: ±${fixed(noise, 2)}%, how far two runs of full fine-tuning lie apart on average.`}`,
    },
    {
      width,
      height: height + margins.top + margins.bottom,
      marginLeft,
      marginTop: margins.top,
      marginBottom: margins.bottom,
      marginRight: margins.right,
      x: { domain: [left, right], grid: true, label: null },
      y: { domain: [0, height], range: [margins.top, margins.top + height], axis: null },
      marks: [
        Plot.axisX({ anchor: "bottom", label, labelAnchor: "center", ...axis }),
        Plot.axisX({ anchor: "top", label: null, ...axis }),
        Plot.gridX({ ticks: 7 }),
        Plot.rect([0], { x1: margin, x2: right, y1: 0, y2: height, fill: "var(--worse)" }),
        noise === null
          ? null
          : Plot.rect([0], {
              x1: Math.max(left, -noise),
              x2: Math.min(right, noise),
              y1: 0,
              y2: height,
              fill: "var(--shade)",
            }),
        Plot.ruleX([0], { stroke: "currentColor" }),
        Plot.ruleX([margin], { stroke: "var(--bad)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
        Plot.text([0], {
          x: () => margin,
          text: () => `margin +${margin}%`,
          frameAnchor: "top",
          dy: -34,
          fill: "var(--bad)",
        }),
        blocks.slice(1).map(({ y }) => Plot.ruleY([y - headingHeight / 2 - 3], { stroke: "var(--line)" })),
        blocks.map((block) =>
          Plot.text([block], {
            x: () => left,
            y: "y",
            dx: 4 - marginLeft,
            text: () => `${block.label}  ·  ${block.verdict}`,
            textAnchor: "start",
            fontWeight: 600,
            stroke: "var(--paper)",
            strokeWidth: 4,
            fill: "currentColor",
          }),
        ),
        lines.map((line) =>
          Plot.text([line], { x: () => left, y: "y", dx: -8, text: "arm", textAnchor: "end", fill: line.look.color }),
        ),
        lines.map((line) => lineMarks(line, left, right)),
      ],
    },
    "wide",
  );
}
