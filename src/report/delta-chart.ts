/** @file The delta of every arm with its interval, against the margin and the paper's printed figure. */
import * as Plot from "@observablehq/plot";
import type { PaperArmRow, PaperRecord } from "../records/paper-record.js";
import { armLook } from "./arm-look.js";
import { armSummaryOf, deltaText } from "./arms-table.js";
import { chart, chartHeight, missingChart } from "./chart.js";
import { absent, exists, fixed, signed } from "./figure-text.js";
import { type Html, typographic } from "./html.js";
import { type Axis, type DrawnInterval, intervalCaption, intervalMarks, widthBeside } from "./interval-marks.js";

/** The axis ends at this many margins: the arms near 0 must stay readable. */
const farthestInMargins = 8;

interface Mark {
  readonly arm: string;
  readonly color: string;
  /** Null where there is no mean. */
  readonly interval: DrawnInterval | null;
  /** What stands where there is none. */
  readonly instead: string;
  readonly paper: number | null;
  readonly likePaper: number | null;
}

function markOf(record: PaperRecord, row: PaperArmRow, names: readonly string[]): Mark {
  const { arm, deltaPercent, paper, likePaper } = row;
  const { mean, low, high } = deltaPercent;
  // Every arm has a line of its own, and the other symbols stand for the paper.
  const look = { ...armLook(names, arm), symbol: "circle" } as const;
  const summary = armSummaryOf(record, arm);
  const decided = summary !== undefined && (summary.holds || summary.shownWorse);
  return {
    ...{ arm, color: look.color },
    interval: exists(mean) ? { y: arm, mean, low, high, decided, look } : null,
    instead: deltaText(record, row).replace(absent, "no figure"),
    ...{ paper: paper.deltaPercent, likePaper: likePaper.deltaPercent },
  };
}

/** Half of the axis, which is symmetric about 0. */
function reach(marks: readonly Mark[], margin: number): number {
  const figures = marks.flatMap(({ interval, paper, likePaper }) => [
    ...[interval?.mean, interval?.low, interval?.high],
    ...[paper, likePaper],
  ]);
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
  const axis: Axis = [-edge, edge];
  const within = (value: number | null): value is number => exists(value) && Math.abs(value) <= edge;
  const intervals = marks.flatMap(({ interval }) => interval ?? []);
  const apart = floor.meanAbsoluteDeltaPercent;
  // Further than the axis reaches it would fill the plot.
  const noise = exists(apart) && apart < edge ? apart : null;
  const confidence = fixed(verdicts.confidence * 100, 0);
  return chart(
    {
      title,
      description: `Delta of the held-out loss against full fine-tuning in percent: ${rows.map((row) => `${row.arm} ${deltaText(record, row)}`).join("; ")}. The margin is ${margin}%.`,
      caption: `Dots and bars: ours, with the adjusted ${confidence}% interval. A bar that ends left of the line at +${margin}% shows that the arm holds; one that begins right of it shows that it is worse. ${intervalCaption} Diamonds: printed in the paper. Crosses: ours, the paper's way.${noise === null ? "" : ` Shaded about 0: ±${fixed(noise, 2)}%, how far two runs of full fine-tuning lie apart on average.`}`,
    },
    {
      height: chartHeight,
      marginLeft: 76,
      marginRight: 24 + widthBeside(intervals, axis),
      marginTop: 34,
      marginBottom: 40,
      x: {
        label: "delta against full (% of its held-out loss)",
        labelAnchor: "center",
        domain: [...axis],
        ticks: 6,
        tickFormat: (value: number) => typographic(signed(value, 1)),
        grid: true,
      },
      y: { label: null, domain: marks.map(({ arm }) => arm), padding: 0.4 },
      marks: [
        Plot.rect([0], { x1: margin, x2: edge, fill: "var(--worse)" }),
        noise === null ? null : Plot.rect([0], { x1: -noise, x2: noise, fill: "var(--shade)" }),
        Plot.ruleX([0], { stroke: "currentColor" }),
        Plot.ruleX([margin], { stroke: "var(--bad)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
        Plot.text([0], {
          x: () => margin,
          text: () => `margin +${margin}%`,
          frameAnchor: "top",
          dy: -14,
          fill: "var(--bad)",
        }),
        marks.map(({ interval, instead, arm, color }) =>
          interval === null
            ? Plot.text([typographic(instead)], {
                ...{ y: () => arm, x: () => edge, textAnchor: "end", dx: -6, fill: color },
              })
            : intervalMarks(interval, axis, 5.5),
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
