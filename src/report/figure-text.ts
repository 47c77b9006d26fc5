/** @file Numbers as text, rounded to what their error supports. Knows no table and no markup. */
import type { Estimate } from "../records/arm-figures.js";

/** What stands for a figure that does not exist. */
export const absent = "–";

export type Figure = number | null | undefined;

export function exists(value: Figure): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** `decimals` after the point; no negative zero. */
export function fixed(value: Figure, decimals: number): string {
  if (!exists(value)) return absent;
  const text = value.toFixed(decimals);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** With a plus where it is positive after rounding. */
export function signed(value: Figure, decimals: number): string {
  const text = fixed(value, decimals);
  return exists(value) && Number(text) > 0 ? `+${text}` : text;
}

/** `share` is 0..1. */
export function percent(share: Figure, decimals = 1): string {
  return exists(share) ? fixed(share * 100, decimals) : absent;
}

export function ratio(value: Figure, reference: Figure, decimals = 2): string {
  return exists(value) && exists(reference) && reference !== 0 ? fixed(value / reference, decimals) : absent;
}

/** Decimals at which a half-width shows two significant digits: 0.0314 has three, 3.14 has one, 314 none. @param halfWidth > 0 */
export function decimalsFor(halfWidth: number): number {
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(halfWidth))));
}

interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Null also for an interval without width, rounding of the mean apart: seeds that agree were not subject to chance. */
function intervalOf({ mean, low, high }: Estimate): Interval | null {
  return exists(mean) && exists(low) && exists(high) && high - low > 1e-12 * Math.abs(mean)
    ? { mean, low, high }
    : null;
}

/** `2.227 ± 0.014`, or the mean alone at `decimals` where there is no interval. */
export function plusMinus(estimate: Estimate, decimals: number): string {
  const interval = intervalOf(estimate);
  if (!interval) return fixed(estimate.mean, decimals);
  const halfWidth = (interval.high - interval.low) / 2;
  const supported = decimalsFor(halfWidth);
  return `${fixed(interval.mean, supported)} ± ${fixed(halfWidth, supported)}`;
}

/** `+0.0022 [-0.0010, +0.0054]`, or the mean alone at `decimals` where there is no interval. */
export function withInterval(estimate: Estimate, decimals: number): string {
  const interval = intervalOf(estimate);
  if (!interval) return signed(estimate.mean, decimals);
  const { mean, low, high } = interval;
  const supported = decimalsFor((high - low) / 2);
  return `${signed(mean, supported)} [${signed(low, supported)}, ${signed(high, supported)}]`;
}

/**
 * `+0.12 [-0.05, +0.29]`, in percent; the mean alone at two decimals where there is no interval. A bound that rounding would carry onto or
 * over the margin gets more decimals: a reader must see on which side it lies, since the verdict rests on that.
 */
export function delta(estimate: Estimate, margin: number): string {
  const interval = intervalOf(estimate);
  if (!interval) return signed(estimate.mean, 2);
  const { mean, low, high } = interval;
  let decimals = decimalsFor((high - low) / 2);
  const keepsSide = (bound: number) =>
    bound === margin || Math.sign(Number(bound.toFixed(decimals)) - margin) === Math.sign(bound - margin);
  while (decimals < 6 && !(keepsSide(low) && keepsSide(high))) decimals++;
  return `${signed(mean, decimals)} [${signed(low, decimals)}, ${signed(high, decimals)}]`;
}

/** `10.29M`, `15,007`. */
export function count(value: number): string {
  if (value >= 1e9) return `${fixed(value / 1e9, 2)}B`;
  if (value >= 1e6) return `${fixed(value / 1e6, 2)}M`;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `2 h 05 min`, `4 min 10 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${whole} s`;
}

/** `1 seed`, `5 seeds`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${value} ${value === 1 ? noun : plural}`;
}
