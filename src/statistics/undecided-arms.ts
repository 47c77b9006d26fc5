/** @file Which arms still need trials before their matrices can be judged. Runs nothing, and knows nothing of what a trial costs. */

import { armAt, sequence } from "../records/arm-sequence.js";
import type { TrialRecord } from "../records/trial-record.js";
import { armInterval } from "./arm-interval.js";
import { seedsOfArm } from "./seeds-to-decide.js";
import { levelsOf } from "./sequence-test.js";
import { settledTrials } from "./settled-trials.js";
import { sequenceOf, type TestedMatrix, testedMatrices } from "./tested-arms.js";
import { demandMeaning, type JudgeOptions } from "./verdict.js";

export interface Target {
  readonly matrices: readonly string[];
  /** As in the trials: `frozen`, `crystal:4`, ... */
  readonly arms: readonly string[];
}

export interface UndecidedOptions extends JudgeOptions {
  /** All that the run is to judge; a target without trials counts in the correction over matrices. Absent: what has trials. */
  readonly targets?: readonly Target[];
}

export interface UndecidedArm {
  readonly matrices: readonly string[];
  readonly arm: string;
  /** That count for it: finished or diverged, and so `full` of the same seed. */
  readonly seeds: number;
  /** At which it would be decided if mean and variance stay as they are; null where none up to 1,000 does, or nothing is known yet. */
  readonly expectedSeeds: number | null;
}

const nameOf = ({ matrices }: { readonly matrices: readonly string[] }) => matrices.join("+");

/** Of the arms in sequence the first that neither holds nor is shown worse: those behind it decide nothing before it does. */
function nextArm(
  { matrices, arms }: Target,
  tested: TestedMatrix | undefined,
  margin: number,
  level: number,
): UndecidedArm | null {
  for (const place of sequence) {
    const arm = armAt(place, arms);
    if (arm === undefined) return null;
    const deltas = tested?.arms.get(arm)?.deltas;
    if (!deltas) return { matrices, arm, seeds: 0, expectedSeeds: null };
    const { holds, shownWorse } = armInterval(deltas, margin, level);
    if (shownWorse) return null;
    if (!holds) {
      const seeds = deltas.values.length + deltas.diverged;
      return { matrices, arm, seeds, expectedSeeds: seedsOfArm(deltas, margin, level) };
    }
  }
  return null;
}

/**
 * At most one arm of each target: the next in its sequence. A target is finished once an arm is shown worse, once random holds, or where
 * its next arm is not to be run; an arm that has reached the last look stays undecided and is left out. Closest to its decision first:
 * those that lack the seeds of the first look, then by the seeds expected, then those that no number decides.
 * @throws as `judge`.
 */
export function undecidedArms(
  records: readonly TrialRecord[],
  { margin = 0.5, confidence = 0.95, looks, targets }: UndecidedOptions = {},
): UndecidedArm[] {
  demandMeaning(margin, confidence, looks);
  const tested = testedMatrices(settledTrials(records), looks);
  const wanted = targets ?? [...tested.values()].map(({ matrices, arms }) => ({ matrices, arms: [...arms.keys()] }));
  const names = new Set([...tested.keys(), ...wanted.map(nameOf)]);
  const sequences = new Map(
    [...names].map((name) => {
      const found = tested.get(name);
      return [name, found ? sequenceOf(found) : {}];
    }),
  );
  const levels = levelsOf(sequences, margin, 1 - confidence);
  const firstLook = looks?.first ?? 2;
  const distance = ({ seeds, expectedSeeds }: UndecidedArm) =>
    seeds < firstLook ? firstLook - seeds : expectedSeeds === null ? Number.POSITIVE_INFINITY : expectedSeeds - seeds;
  return wanted
    .flatMap((target) => {
      const next = nextArm(target, tested.get(nameOf(target)), margin, levels.get(nameOf(target))!);
      return next && next.seeds < (looks?.last ?? Number.POSITIVE_INFINITY) ? [next] : [];
    })
    .sort((a, b) => Number(a.seeds >= firstLook) - Number(b.seeds >= firstLook) || order(distance(a), distance(b)));
}

/** Also of infinities, whose difference is none. */
const order = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
