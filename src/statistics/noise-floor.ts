/** @file How much two runs of one configuration differ: `full` against `full` on another data order. */
import type { TrialRecord } from "../records/trial-record.js";
import type { NoiseFloor, VerdictsRecord } from "../records/verdicts-record.js";
import { armInterval } from "./arm-interval.js";

type Control = VerdictsRecord["controls"][string];

/** Percent of the loss on the ordinary order, for each seed that has both. */
export function fullAgainstFull(trials: readonly TrialRecord[]): number[] {
  const lossOf = (purpose: TrialRecord["purpose"]) =>
    new Map(
      trials.flatMap((trial) =>
        trial.purpose === purpose && trial.arm === "full" && trial.outcome.kind === "finished"
          ? [[trial.seed, trial.outcome.heldOutLossAfter] as const]
          : [],
      ),
    );
  const ordinary = lossOf("sft");
  return [...lossOf("aa")].flatMap(([seed, loss]) => {
    const full = ordinary.get(seed);
    return full === undefined ? [] : [((loss - full) / full) * 100];
  });
}

/** The true mean is zero, so deviations are taken from zero. */
export function noiseFloorOf(deltas: readonly number[]): NoiseFloor {
  const n = deltas.length;
  if (n === 0) return { deltaStdPercent: null, meanAbsoluteDeltaPercent: null, n };
  return {
    deltaStdPercent: Math.sqrt(deltas.reduce((sum, delta) => sum + delta * delta, 0) / n),
    meanAbsoluteDeltaPercent: deltas.reduce((sum, delta) => sum + Math.abs(delta), 0) / n,
    n,
  };
}

/** Judged as an arm is, in both directions: `full` can be neither worse nor better than itself. */
export function equalRunsControl(deltas: readonly number[], margin: number, confidence: number): Control {
  const n = deltas.length;
  if (n < 2)
    return {
      ...{ passed: false, checked: false },
      text: `${n === 0 ? "No pair" : "One pair"} of \`full\` runs on different data orders finished; it takes two to say that they are not told apart.`,
    };
  const { mean, low, high } = armInterval({ values: deltas, diverged: 0 }, margin, 1 - confidence);
  const signed = (value: number) => `${value > 0 ? "+" : ""}${value.toFixed(3)}`;
  return {
    passed: low <= margin && high >= -margin,
    text: `\`full\` against \`full\` on another data order: ${signed(mean)}% [${signed(low)}, ${signed(high)}], ${n} pairs. Two equal runs must not be shown to differ by more than the margin of ${margin}%.`,
  };
}

/** Empty where the margin is the larger. */
export function noiseWarnings({ deltaStdPercent, n }: NoiseFloor, margin: number): string[] {
  if (deltaStdPercent === null || deltaStdPercent < margin) return [];
  return [
    `Two runs of \`full\` on different data orders differ by ${deltaStdPercent.toFixed(2)}% (root mean square, ${n} ${n === 1 ? "pair" : "pairs"}), more than the margin of ${margin}%. Within a seed that cancels; what a single fine-tuning comes to depends more on the order of its data than on the margin.`,
  ];
}
