/** @file The curve of a boundary search: share of the parameters treated together against what it costs, a line for each action. */
import * as Plot from "@observablehq/plot";
import type { ActionBoundary, BoundaryRecord, TriedSet } from "../records/boundary-record.js";
import { type SeriesLook, seriesLook } from "./arm-look.js";
import { bySize } from "./boundary-curve-table.js";
import { attemptDeltaText, jointDeltaText } from "./boundary-delta.js";
import { confirmedAttempt } from "./boundary-findings.js";
import { chart, missingChart } from "./chart.js";
import { exists, percent, signed } from "./figure-text.js";
import { type Html, typographic } from "./html.js";
import { spreadLabels } from "./spread-labels.js";

const width = 720;
const height = 440;
const margins = { top: 26, bottom: 44, left: 62 };
const lineHeight = 15;
/** Of the 12 px sans-serif of the page, on the safe side. */
const characterWidth = 6.6;
const shiftOfLine = 4;
/** Beyond is drawn at the edge. */
const farthest = { down: -5, up: 200 };
const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200];

interface Line {
  readonly action: ActionBoundary;
  readonly look: SeriesLook;
  /** Pixels to the right: the same sets lie side by side under several actions. */
  readonly shift: number;
}

/** Of the drawn y values, percent. */
type Domain = readonly [number, number];

const shareOf = ({ share }: { readonly share: number }) => share * 100;

/** Of the drawn y values: a little beyond the figures, at least from minus to twice the margin. */
function domainOf(lines: readonly Line[], margin: number): [number, number] {
  const figures = lines.flatMap(({ action }) => {
    const attempt = confirmedAttempt(action);
    const estimates = [...action.tried.map(({ deltaPercent }) => deltaPercent), ...(attempt ? [attempt] : [])];
    return estimates.flatMap(({ mean, low, high }) => [mean, low, high]);
  });
  const values = figures.filter(exists);
  const low = Math.max(farthest.down, Math.min(-margin, ...values));
  const high = Math.min(farthest.up, Math.max(2 * margin, ...values));
  return [1.1 * low, 1.15 * high];
}

/** On both sides of zero; steps that lie closer than a line of text are left out. */
function ticksOf([low, high]: readonly [number, number], margin: number): number[] {
  const scale = symlog(margin);
  const pixels = (height - margins.top - margins.bottom) / (scale(high) - scale(low));
  const ticks = [0];
  for (const sign of [1, -1])
    for (const step of steps) {
      const value = sign * step;
      const near = ticks.some((tick) => Math.abs(scale(tick) - scale(value)) * pixels < 18);
      if (value > low && value < high && !near) ticks.push(value);
    }
  return ticks.sort((a, b) => a - b);
}

/** As the axis is scaled: straight within about a half of the margin, logarithmic far beyond. */
const symlog = (margin: number) => (value: number) => Math.sign(value) * Math.log1p(Math.abs(value) / (margin / 2));

interface Measured {
  readonly share: number;
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

const within = ([bottom, top]: Domain, value: number) => Math.min(top, Math.max(bottom, value));

function intervalMark({ low, high, share }: Measured, domain: Domain, { look, shift }: Line, wide: boolean) {
  if (!exists(low) || !exists(high)) return null;
  return Plot.ruleX([0], {
    x: () => share * 100,
    y1: within(domain, low),
    y2: within(domain, high),
    dx: shift,
    stroke: look.color,
    strokeWidth: wide ? 4 : 1.6,
    strokeOpacity: wide ? 0.5 : 0.7,
    strokeLinecap: "round",
  });
}

function lineMarks(line: Line, domain: Domain): Plot.Markish[] {
  const { action, look, shift } = line;
  const { color, dash } = look;
  const [, top] = domain;
  const sets = bySize(action.tried);
  const prefixes = sets.filter(({ prefix, deltaPercent }) => prefix && exists(deltaPercent.mean));
  const y = (set: TriedSet) => within(domain, set.deltaPercent.mean ?? top);
  const dot = { x: shareOf, y, dx: shift, r: 4.2, symbol: look.symbol, strokeWidth: 1.6, stroke: color };
  return [
    Plot.lineY(prefixes, {
      x: shareOf,
      y,
      dx: shift,
      stroke: color,
      strokeWidth: 1.7,
      strokeDasharray: dash,
      strokeLinejoin: "round",
    }),
    sets.map(({ share, deltaPercent }) => intervalMark({ share, ...deltaPercent }, domain, line, false)),
    Plot.dot(prefixes, { ...dot, fill: color }),
    Plot.dot(
      sets.filter(({ prefix, deltaPercent }) => !prefix && exists(deltaPercent.mean)),
      { ...dot, fill: "var(--paper)" },
    ),
    // Nothing is known of a diverged set but that it is worse.
    Plot.text(
      sets.filter(({ deltaPercent }) => !exists(deltaPercent.mean)),
      { x: shareOf, y: () => top, text: () => "↑", fill: color, dx: shift, dy: 8 },
    ),
  ];
}

function confirmedMarks(line: Line, domain: Domain): Plot.Markish[] {
  const { action, look, shift } = line;
  const { color } = look;
  const attempt = confirmedAttempt(action);
  if (attempt === null || !exists(attempt.mean)) return [];
  const at = { x: () => attempt.share * 100, y: () => attempt.mean!, dx: shift };
  return [
    intervalMark(attempt, domain, line, true),
    Plot.dot([attempt], { ...at, r: 9, stroke: color, strokeWidth: 1.8, fill: "var(--paper)" }),
    Plot.dot([attempt], { ...at, r: 5.5, symbol: "star", fill: color }),
  ];
}

function described({ action }: Line, margin: number): string {
  const attempt = confirmedAttempt(action);
  const points = bySize(action.tried).map((set) => `${percent(set.share)}%: ${jointDeltaText(set, margin)}`);
  const confirmed =
    attempt === null
      ? "none confirmed"
      : `confirmed at ${percent(attempt.share)}%: ${attemptDeltaText(attempt, margin)}`;
  return `${action.action}, ${points.join(", ")}; ${confirmed}`;
}

/** Labels at the right end of the lines, moved apart. */
function labels(lines: readonly Line[], domain: Domain, end: number, margin: number): Plot.Markish[] {
  const scale = symlog(margin);
  const [bottom, top] = domain.map(scale);
  const plotted = height - margins.top - margins.bottom;
  const pixel = (value: number) => ((top - Math.min(top, scale(value))) / (top - bottom)) * plotted;
  const ends = lines.map(
    ({ action }) => bySize(action.tried).findLast(({ prefix }) => prefix)?.deltaPercent.mean ?? domain[1],
  );
  const all = [
    ...lines.map(({ action, look }, index) => ({ text: action.action, color: look.color, y: ends[index] })),
    { text: `margin +${margin}%`, color: "var(--bad)", y: margin },
  ];
  const placed = spreadLabels(
    all.map(({ y }) => pixel(y)),
    lineHeight,
    plotted,
  );
  return all.map(({ text, color, y }, index) =>
    Plot.text([text], {
      x: () => end,
      y: () => Math.min(domain[1], y),
      text: () => text,
      fill: color,
      textAnchor: "start",
      dx: 10,
      dy: placed[index] - pixel(y),
    }),
  );
}

export function boundaryChart(record: BoundaryRecord): Html {
  const { actions, margin } = record;
  const title = "What more and more matrices cost together";
  const searched = actions.filter(({ tried }) => tried.length > 0);
  if (searched.length === 0) return missingChart(title, "No set on record.");
  const lines = searched.map((action, index): Line => {
    const shift = (index - (searched.length - 1) / 2) * shiftOfLine;
    return { action, look: seriesLook(index + 1), shift };
  });
  const domain = domainOf(lines, margin);
  const end = 1.02 * Math.max(...searched.flatMap(({ tried }) => tried.map(shareOf)));
  const names = [`margin +${margin}%`, ...searched.map(({ action }) => action)];
  const hollow = searched.some(({ tried }) => tried.some(({ prefix }) => !prefix));
  const diverged = searched.some(({ tried }) => tried.some(({ deltaPercent }) => !exists(deltaPercent.mean)));
  const starred = searched.some((action) => confirmedAttempt(action) !== null);
  return chart(
    {
      title,
      description: `Delta of the held-out loss in percent against the share of the model's parameters that is treated; the margin is ${margin}%. ${lines.map((line) => described(line, margin)).join(". ")}.`,
      caption: `Points: sets that were tried, the first matrices of the order${hollow ? "; hollow: sets that pass some over" : ""}${diverged ? "; arrows: sets of which a seed diverged" : ""}. Bars: 95% interval over seeds, exploratory. ${starred ? "Star: the confirmed set, with its interval on fresh seeds and examples. " : ""}The vertical axis is straight near zero and logarithmic beyond the margin, so that small and large costs can both be read.`,
    },
    {
      width,
      height,
      marginTop: margins.top,
      marginBottom: margins.bottom,
      marginLeft: margins.left,
      marginRight: 18 + Math.max(...names.map(({ length }) => length)) * characterWidth,
      x: { domain: [0, end], label: "treated together (% of the model's parameters)", labelAnchor: "center", ticks: 8 },
      y: {
        type: "symlog",
        constant: margin / 2,
        domain,
        grid: true,
        label: "delta against full (% of its held-out loss)",
        ticks: ticksOf(domain, margin),
        tickFormat: (value: number) => typographic(signed(value, value !== 0 && Math.abs(value) < 1 ? 1 : 0)),
      },
      marks: [
        Plot.rect([0], { x1: 0, x2: end, y1: margin, y2: domain[1], fill: "var(--worse)" }),
        Plot.ruleY([0], { stroke: "currentColor" }),
        Plot.ruleY([margin], { stroke: "var(--bad)", strokeWidth: 1.5, strokeDasharray: "5 3" }),
        lines.map((line) => lineMarks(line, domain)),
        lines.map((line) => confirmedMarks(line, domain)),
        labels(lines, domain, end, margin),
      ],
    },
    "wide",
  );
}
