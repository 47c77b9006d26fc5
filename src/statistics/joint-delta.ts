/** @file What treating several matrices at once costs against `full` of the same seeds. Judges against a margin; runs nothing. */
import { InputError } from "../foundation/errors.js";
import type { TrialRecord } from "../records/trial-record.js";
import { type ArmInterval, armInterval, prefixesOf } from "./arm-interval.js";
import type { Looks } from "./first-passage.js";

/** [seed, (own - full) / full in percent], by seed; infinite where the own trial diverged. */
export type SeedDeltas = readonly (readonly [seed: number, deltaPercent: number])[];

/**
 * @param own trials of one set, @param full those that they are paired with: of other seeds too.
 * @throws InputError where two trials of one seed differ in steps or learning rate.
 */
export function jointDeltas(own: readonly TrialRecord[], full: readonly TrialRecord[]): SeedDeltas {
  const fullOf = new Map(full.map((trial) => [trial.seed, trial]));
  return [...own]
    .sort((a, b) => a.seed - b.seed)
    .flatMap((trial): [number, number][] => {
      const pair = fullOf.get(trial.seed);
      if (pair?.outcome.kind !== "finished" || trial.outcome.kind === "failed") return [];
      if (pair.steps !== trial.steps || pair.learningRate !== trial.learningRate)
        throw new InputError(
          `The trials '${trial.key}' and '${pair.key}' are of different settings and cannot be compared.`,
        );
      if (trial.outcome.kind === "diverged") return [[trial.seed, Number.POSITIVE_INFINITY]];
      const [mine, theirs] = [trial.outcome.heldOutLossAfter, pair.outcome.heldOutLossAfter];
      return [[trial.seed, ((mine - theirs) / theirs) * 100]];
    });
}

export interface DeltaJudging {
  /** Percent. */
  readonly margin: number;
  /** Two-sided, 0..1. */
  readonly confidence: number;
  /** Judged after every seed; absent: once. */
  readonly looks?: Looks | undefined;
}

/** Interval of the mean delta over seeds, by Student's t; where it is looked at after every seed, that of the look that decided. */
export function deltaInterval(deltas: SeedDeltas, { margin, confidence, looks }: DeltaJudging): ArmInterval {
  const values = deltas.map(([, delta]) => delta).filter(Number.isFinite);
  const looked = looks && { looks, prefixes: prefixesOf(deltas.map(([, delta]) => delta)) };
  return armInterval(
    { values, diverged: deltas.length - values.length, ...(looked && { looked }) },
    margin,
    1 - confidence,
  );
}

/** Joint delta minus the sum of the single ones, on the seeds that all of them have. */
export function interactionDeltas(joint: SeedDeltas, singles: readonly SeedDeltas[]): SeedDeltas {
  const bySeed = singles.map((deltas) => new Map(deltas));
  return joint.flatMap(([seed, delta]): [number, number][] => {
    const own = bySeed.map((deltas) => deltas.get(seed));
    if (own.some((value) => value === undefined)) return [];
    return [[seed, delta - own.reduce<number>((sum, value) => sum + (value ?? 0), 0)]];
  });
}
