/** @file The delta of every arm of every target with its interval, against the margin: a block for each target, a line for each arm. */
import * as Plot from "@observablehq/plot";
import type { TestRecord } from "../records/test-record.js";
import { armDeltaText, shown } from "./arms-table.js";
import { chartOfParts, chartWidth, missingChart, type Part } from "./chart.js";
import { exists, type Figure, fixed, signed } from "./figure-text.js";
import { type Html, typographic } from "./html.js";
import { intervalCaption, intervalMarks } from "./interval-marks.js";
import {
  type Block,
  blocksOf,
  type DeltaScale,
  halves,
  headingHeight,
  type Line,
  scaleOf,
} from "./target-delta-layout.js";
import { armNamesOf, type TargetResult, targetResults } from "./target-results.js";

const margins = { top: 40, bottom: 44, right: 16 };
/** Of the 12 px sans-serif of the page, on the safe side. */
const characterWidth = 7;
const fontSize = 12;

function described({ label, verdict, arms }: TargetResult, margin: number): string {
  const deltas = arms.map(
    ({ arm, figures, summary }) => `${arm} ${armDeltaText(figures.deltaPercent, summary, margin)} ${shown(summary)}`,
  );
  return `${label}, ${verdict}: ${deltas.join(", ")}`;
}

/** The red zone, the noise and the rules lie behind the lines only: the name of a target stands on bare paper. */
function background(blocks: readonly Block[], { axis, margin, noise }: DeltaScale): Plot.Markish[] {
  const [left, right] = axis;
  const behind = { y1: "top", y2: "bottom" } as const;
  return [
    Plot.gridX({ ticks: 6 }),
    Plot.rect(blocks, { ...behind, x1: () => margin, x2: () => right, fill: "var(--worse)" }),
    noise === null ? null : Plot.rect(blocks, { ...behind, x1: () => -noise, x2: () => noise, fill: "var(--shade)" }),
    Plot.ruleX([0], { stroke: "currentColor" }),
    Plot.ruleX([margin], { stroke: "var(--bad)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
    Plot.rect(blocks, {
      ...{ x1: () => left, x2: () => right, y1: ({ top }: Block) => top - headingHeight, y2: "top" },
      fill: "var(--paper)",
    }),
  ];
}

function texts(blocks: readonly Block[], { axis: [left], margin }: DeltaScale, marginLeft: number): Plot.Markish[] {
  return [
    Plot.text([0], {
      x: () => margin,
      text: () => `margin +${margin}%`,
      ...{ frameAnchor: "top", dy: -34, fill: "var(--bad)" },
    }),
    Plot.text(blocks, {
      ...{ x: () => left, y: "top", text: "heading", dx: 4 - marginLeft, dy: -10 },
      ...{ textAnchor: "start", fontWeight: 600, fill: "currentColor" },
      ...{ lineWidth: (chartWidth - 8) / fontSize, textOverflow: "ellipsis-middle" },
    }),
    Plot.text(
      blocks.flatMap(({ lines }) => lines),
      { x: () => left, y: "y", dx: -12, text: "arm", textAnchor: "end", fill: ({ look }: Line) => look.color },
    ),
  ];
}

function lineMarks({ interval, instead, y, look }: Line, { axis }: DeltaScale): Plot.Markish[] {
  if (interval !== null) return intervalMarks(interval, axis);
  const at = { x: () => axis[1], y: () => y, textAnchor: "end", dx: -6 } as const;
  return [Plot.text([typographic(instead)], { ...at, fill: look.color })];
}

function partOf(results: readonly TargetResult[], names: readonly string[], scale: DeltaScale): Part {
  const { axis, margin, decimals, beside } = scale;
  const blocks = blocksOf(results, names, margin);
  const height = blocks[blocks.length - 1].bottom;
  const marginLeft = 18 + Math.max(...names.map(({ length }) => length)) * characterWidth;
  const ticks = { ticks: 6, tickFormat: (value: number) => typographic(signed(value, decimals)) };
  const label = "delta against full (% of its held-out loss)";
  return {
    description: `Delta of the held-out loss against full fine-tuning in percent, with its interval; the margin is ${margin}%. ${results.map((result) => described(result, margin)).join("; ")}.`,
    options: {
      width: chartWidth,
      height: height + margins.top + margins.bottom,
      ...{ marginTop: margins.top, marginBottom: margins.bottom, marginRight: margins.right + beside, marginLeft },
      x: { domain: [...axis], label: null },
      y: { domain: [0, height], range: [margins.top, margins.top + height], axis: null },
      marks: [
        background(blocks, scale),
        Plot.axisX({ anchor: "bottom", label, labelAnchor: "center", ...ticks }),
        Plot.axisX({ anchor: "top", label: null, ...ticks }),
        texts(blocks, scale, marginLeft),
        blocks.map(({ lines }) => lines.map((line) => lineMarks(line, scale))),
      ],
    },
  };
}

function noiseText(noise: Figure, drawn: boolean): string {
  if (!exists(noise)) return "";
  const meaning = `±${fixed(noise, 2)}%, how far two runs of full fine-tuning lie apart on average`;
  return drawn ? ` Shaded about 0: ${meaning}.` : ` Not shaded, since it goes beyond the axis: ${meaning}.`;
}

/** In two halves, which grow downwards with the number of targets. */
export function targetDeltaChart(record: TestRecord): Html {
  const { verdicts } = record;
  const { margin, floor, confidence } = verdicts;
  const title = "Cost of each arm, with its interval";
  const results = targetResults(record).filter(({ arms }) => arms.length > 0);
  if (results.length === 0) return missingChart(title, "No arm on record.");
  const names = armNamesOf(results);
  const scale = scaleOf(blocksOf(results, names, margin), verdicts);
  return chartOfParts(
    {
      title,
      caption: `Dots and bars: mean over seeds with the adjusted ${fixed(confidence * 100, 0)}% interval. A bar that ends left of the line at +${margin}% shows that the arm holds; one that begins right of it shows that it is worse. ${intervalCaption}${noiseText(floor.meanAbsoluteDeltaPercent, scale.noise !== null)}`,
    },
    halves(results).map((half) => partOf(half, names, scale)),
  );
}
