/** @file Which trials to run next where seeds are added until everything is decided. Runs none. */
import type { TrialSpec } from "../crystal/trial-spec.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { UndecidedArm } from "../statistics/undecided-arms.js";
import { type MatrixTest, seedSpecs, seedsFrom } from "./matrix-test.js";

export interface NextTrials {
  readonly test: MatrixTest;
  readonly trials: readonly TrialRecord[];
  readonly open: readonly UndecidedArm[];
  /** Seeds at most. */
  readonly most: number;
  /** Seeds with a second `full` on another data order: enough for the noise floor. */
  readonly floorSeeds: number;
  /** Trials at a time: where fewer arms are open, an arm gets several seeds at once. */
  readonly jobs: number;
}

/** The seeds of an arm that have no trial yet, from the lowest: those for which `full` was run already come first. */
function missingSeeds({ matrices, arm }: UndecidedArm, trials: readonly TrialRecord[], most: number): number[] {
  const name = matrices.join();
  const there = new Set(
    trials
      .filter((trial) => trial.purpose === "sft" && trial.arm === arm && trial.matrices.join() === name)
      .map(({ seed }) => seed),
  );
  return seedsFrom(1, most).filter((seed) => !there.has(seed));
}

/** The next seed of every open arm, with what it is paired with; closest to its decision first. */
export function nextTrials({ test, trials, open, most, floorSeeds, jobs }: NextTrials): TrialSpec[] {
  const each = Math.max(1, Math.floor(jobs / Math.max(1, open.length)));
  const bySeed = new Map<number, UndecidedArm[]>();
  for (const arm of open)
    for (const seed of missingSeeds(arm, trials, most).slice(0, each))
      bySeed.set(seed, [...(bySeed.get(seed) ?? []), arm]);
  const known = new Set(trials.map(({ key }) => key));
  return [...bySeed]
    .sort(([a], [b]) => a - b)
    .flatMap(([seed, arms]) => seedSpecs(test, seed, arms))
    .filter(({ key, purpose, seed }) => !known.has(key) && (purpose !== "aa" || seed <= floorSeeds));
}
