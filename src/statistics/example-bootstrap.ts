/** @file How far a mean delta depends on the choice of the held-out examples: they are drawn again, the seeds stay. Knows no arms. */
import { randomStream } from "../foundation/random.js";
import type { FinishedOutcome } from "../records/trial-record.js";
import type { Pair } from "./paired-difference.js";

const resamples = 2000;
const bootstrapSeed = 0;

/** @param sorted ascending. Between order statistics by a straight line (Hyndman & Fan's type 7). */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * Percentile interval of the mean over seeds of (own - full) / full, in percent. A loss is the mean over the scored tokens of the examples
 * drawn, as that of a trial is over all: sum t loss / sum t, where an example brings all its t tokens. The tokens drawn are those of both
 * losses and cancel in the delta: sum t (own - full) / sum t full. One draw serves all seeds and arms, as they are evaluated on the same
 * examples. Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
 * @param confidence 0..1
 * @param tokens of each example; null where they are not known: every example counts as one, and the interval belongs to the mean over examples.
 * @returns null where trials were evaluated on different numbers of examples, or on fewer than two.
 */
export function exampleBootstrap(
  confidence: number,
  tokens: readonly number[] | null,
): (pairs: readonly Pair[]) => { readonly low: number; readonly high: number } | null {
  const draws = new Map<number, Uint32Array>();
  const drawn = (count: number): Uint32Array => {
    const found = draws.get(count);
    if (found) return found;
    const chance = randomStream(bootstrapSeed, "bootstrap of held-out examples");
    const indices = Uint32Array.from({ length: resamples * count }, () => chance.integer(count));
    draws.set(count, indices);
    return indices;
  };
  // The trials of `full` belong to every arm.
  const known = new WeakMap<FinishedOutcome, Float64Array>();
  const sumsOf = (outcome: FinishedOutcome): Float64Array => {
    const found = known.get(outcome);
    if (found) return found;
    const losses = Float64Array.from(outcome.heldOutLossPerExample, (loss, index) => loss * (tokens?.[index] ?? 1));
    const count = losses.length;
    const indices = drawn(count);
    const sums = new Float64Array(resamples);
    for (let sample = 0; sample < resamples; sample++) {
      let sum = 0;
      for (let at = sample * count; at < (sample + 1) * count; at++) sum += losses[indices[at]];
      sums[sample] = sum;
    }
    known.set(outcome, sums);
    return sums;
  };
  return (pairs) => {
    const count = pairs[0]?.own.heldOutLossPerExample.length ?? 0;
    const same = pairs.every(({ own, full }) =>
      [own, full].every(({ heldOutLossPerExample }) => heldOutLossPerExample.length === count),
    );
    if (!same || count < 2) return null;
    const deltas = new Float64Array(resamples);
    for (const { own, full } of pairs) {
      const [ours, theirs] = [sumsOf(own), sumsOf(full)];
      for (let i = 0; i < resamples; i++) deltas[i] += (100 * (ours[i] - theirs[i])) / theirs[i] / pairs.length;
    }
    deltas.sort();
    const low = quantileOf(deltas, (1 - confidence) / 2);
    const high = quantileOf(deltas, (1 + confidence) / 2);
    return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : null;
  };
}
