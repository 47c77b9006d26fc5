/** @file The delta of every arm with its interval, against the margin and the paper's printed figure. */
import * as Plot from "@observablehq/plot";
import type { PaperArmRow, PaperRecord } from "../records/paper-record.js";
import { armLook } from "./arm-look.js";
import { deltaText } from "./arms-table.js";
import { chart, chartHeight, missingChart } from "./chart.js";
import { absent, exists, fixed, signed } from "./figure-text.js";
import { type Html, typographic } from "./html.js";

/** An arm further off than this many margins is drawn as an arrow at the edge: the others must stay readable. */
const farthestInMargins = 8;

interface Mark {
  readonly arm: string;
  readonly color: string;
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly paper: number | null;
  readonly likePaper: number | null;
  /** Why there is no dot; null where there is one. */
  readonly instead: string | null;
}

function markOf(record: PaperRecord, row: PaperArmRow, names: readonly string[]): Mark {
  const { mean, low, high } = row.deltaPercent;
  const figures = { mean, low, high, paper: row.paper.deltaPercent, likePaper: row.likePaper.deltaPercent };
  const instead = exists(mean) ? null : deltaText(record, row).replace(absent, "no figure");
  return { arm: row.arm, color: armLook(names, row.arm).color, ...figures, instead };
}

/** Half of the axis, which is symmetric about 0. */
function reach(marks: readonly Mark[], margin: number): number {
  const figures = marks.flatMap(({ mean, low, high, paper, likePaper }) => [mean, low, high, paper, likePaper]);
  const largest = Math.max(2 * margin, ...figures.filter(exists).map(Math.abs));
  return 1.08 * Math.min(largest, farthestInMargins * margin);
}

export function deltaChart(record: PaperRecord): Html {
  const { verdicts } = record;
  const { margin, floor } = verdicts;
  const title = "Cost of each arm, with its interval";
  const names = record.arms.map(({ arm }) => arm);
  const rows = record.arms.filter(({ arm }) => arm !== "full");
  if (rows.length === 0) return missingChart(title, "No arm on record.");
  const marks = rows.map((row) => markOf(record, row, names));
  const edge = reach(marks, margin);
  const within = (value: number | null): value is number => exists(value) && Math.abs(value) <= edge;
  const clamp = (value: number) => Math.min(edge, Math.max(-edge, value));
  const off = marks.filter(({ mean }) => exists(mean) && !within(mean));
  const noise = exists(floor.meanAbsoluteDeltaPercent) ? floor.meanAbsoluteDeltaPercent : null;
  const confidence = fixed(verdicts.confidence * 100, 0);
  return chart(
    {
      title,
      description: `Delta of the held-out loss against full fine-tuning in percent: ${rows.map((row) => `${row.arm} ${deltaText(record, row)}`).join("; ")}. The margin is ${margin}%.`,
      caption: `Dots and bars: ours, with the adjusted ${confidence}% interval. A bar that ends left of the line at +${margin}% shows that the arm holds; one that begins right of it shows that it is worse. Diamonds: printed in the paper. Crosses: ours, the paper's way.${noise === null ? "" : ` Shaded about 0: ±${fixed(noise, 2)}%, how far two runs of full fine-tuning lie apart on average.`}`,
    },
    {
      height: chartHeight,
      marginLeft: 76,
      marginRight: 24,
      marginTop: 34,
      marginBottom: 40,
      x: {
        label: "delta against full (% of its held-out loss)",
        labelAnchor: "center",
        domain: [-edge, edge],
        ticks: 6,
        tickFormat: (value: number) => typographic(signed(value, 1)),
        grid: true,
      },
      y: { label: null, domain: marks.map(({ arm }) => arm), padding: 0.4 },
      marks: [
        Plot.rect([0], { x1: margin, x2: edge, fill: "var(--worse)" }),
        noise === null
          ? null
          : Plot.rect([0], { x1: -Math.min(noise, edge), x2: Math.min(noise, edge), fill: "var(--shade)" }),
        Plot.ruleX([0], { stroke: "currentColor" }),
        Plot.ruleX([margin], { stroke: "var(--bad)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
        Plot.text([0], {
          x: () => margin,
          text: () => `margin +${margin}%`,
          frameAnchor: "top",
          dy: -14,
          fill: "var(--bad)",
        }),
        marks
          .filter(({ low, high }) => exists(low) && exists(high) && low < edge && high > -edge)
          .map((mark) =>
            Plot.ruleY([mark], {
              y: "arm",
              x1: clamp(mark.low!),
              x2: clamp(mark.high!),
              stroke: mark.color,
              strokeWidth: 3,
              strokeLinecap: "round",
            }),
          ),
        marks.map((mark) =>
          within(mark.mean) ? Plot.dot([mark], { y: "arm", x: "mean", fill: mark.color, r: 5.5 }) : null,
        ),
        off.map((mark) =>
          Plot.text([mark], {
            y: "arm",
            x: () => Math.sign(mark.mean!) * edge,
            text: () => typographic(mark.mean! > 0 ? `${signed(mark.mean, 1)}% →` : `← ${signed(mark.mean, 1)}%`),
            textAnchor: mark.mean! > 0 ? "end" : "start",
            dx: mark.mean! > 0 ? -6 : 6,
            fill: mark.color,
          }),
        ),
        marks
          .filter(({ instead }) => instead)
          .map((mark) =>
            Plot.text([mark], {
              y: "arm",
              x: () => edge,
              text: "instead",
              textAnchor: "end",
              dx: -6,
              fill: mark.color,
            }),
          ),
        Plot.dot(
          marks.filter(({ paper }) => within(paper)),
          {
            y: "arm",
            x: "paper",
            symbol: "diamond",
            r: 5,
            stroke: "currentColor",
            strokeWidth: 1.6,
            fill: "var(--paper)",
            dy: 15,
          },
        ),
        Plot.dot(
          marks.filter(({ likePaper }) => within(likePaper)),
          { y: "arm", x: "likePaper", symbol: "times", r: 4, stroke: "currentColor", strokeWidth: 1.6, dy: 15 },
        ),
      ],
    },
  );
}
