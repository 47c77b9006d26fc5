/** @file Where the deltas of many targets lie in a chart: blocks of lines, the axis that all parts share, two halves. Draws nothing. */
import type { TestRecord } from "../records/test-record.js";
import { armLook, type SeriesLook } from "./arm-look.js";
import { armDeltaText } from "./arms-table.js";
import { absent, decimalsFor, exists, type Figure } from "./figure-text.js";
import { type Axis, type DrawnInterval, widthBeside } from "./interval-marks.js";
import type { ArmResult, TargetResult } from "./target-results.js";

/** The axis ends at this many margins. Fewer than where there is one target: most targets lie near 0. */
const farthestInMargins = 4;
export const headingHeight = 30;
const lineHeight = 18;

export interface Line {
  readonly arm: string;
  readonly look: SeriesLook;
  /** Pixels below the frame's top. */
  readonly y: number;
  /** Null where there is no mean. */
  readonly interval: DrawnInterval | null;
  /** What stands where there is none. */
  readonly instead: string;
}

export interface Block {
  readonly heading: string;
  /** Of its lines, in pixels below the frame's top; the heading stands above. */
  readonly top: number;
  readonly bottom: number;
  readonly lines: readonly Line[];
}

function lineOf({ arm, figures, summary }: ArmResult, y: number, names: readonly string[], margin: number): Line {
  const { mean, low, high } = figures.deltaPercent;
  const look = armLook(names, arm);
  const decided = summary !== undefined && (summary.holds || summary.shownWorse);
  return {
    ...{ arm, look, y },
    interval: exists(mean) ? { y, mean, low, high, decided, look } : null,
    instead: armDeltaText(figures.deltaPercent, summary, margin).replace(absent, "no figure"),
  };
}

/** @param names of all arms: what each looks like follows from its place there. */
export function blocksOf(results: readonly TargetResult[], names: readonly string[], margin: number): Block[] {
  let y = 0;
  return results.map(({ label, verdict, arms }) => {
    const top = y + headingHeight;
    const bottom = top + arms.length * lineHeight;
    y = bottom;
    const lines = arms.map((arm, place) => lineOf(arm, top + (place + 0.5) * lineHeight, names, margin));
    return { heading: `${label}  ·  ${verdict}`, top, bottom, lines };
  });
}

/** Two parts of about the same height, in order; one where there is one target. */
export function halves(results: readonly TargetResult[]): TargetResult[][] {
  const heights = results.map(({ arms }) => headingHeight + arms.length * lineHeight);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const first = results.findIndex((_, index) => sum(heights.slice(0, index + 1)) >= sum(heights) / 2) + 1;
  return [results.slice(0, first), results.slice(first)].filter(({ length }) => length > 0);
}

/** What all parts share. */
export interface DeltaScale {
  readonly axis: Axis;
  readonly margin: number;
  /** Of the figures at the ticks. */
  readonly decimals: number;
  /** How far two runs of full lie apart; null where that is unknown or further than the axis reaches, where it would fill the plot. */
  readonly noise: number | null;
  /** Pixels beside the right end of the axis. */
  readonly beside: number;
}

/** Where the axis ends on one side. @param figures distances from 0 to that side */
function reach(figures: readonly Figure[], margin: number): number {
  const largest = Math.max(1.6 * margin, ...figures.filter(exists));
  return 1.06 * Math.min(largest, farthestInMargins * margin);
}

export function scaleOf(blocks: readonly Block[], { margin, floor }: TestRecord["verdicts"]): DeltaScale {
  const intervals = blocks.flatMap(({ lines }) => lines.flatMap(({ interval }) => interval ?? []));
  const figures = intervals.flatMap(({ mean, low, high }) => [mean, low, high]).filter(exists);
  const left = reach(
    figures.map((figure) => -figure),
    margin,
  );
  const right = reach(figures, margin);
  const noise = floor.meanAbsoluteDeltaPercent;
  return {
    ...{ axis: [-left, right], margin },
    decimals: margin < 0.4 ? decimalsFor(margin) : 1,
    noise: exists(noise) && noise < Math.min(left, right) ? noise : null,
    beside: widthBeside(intervals, [-left, right]),
  };
}
