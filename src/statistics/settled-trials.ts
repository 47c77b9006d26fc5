/** @file Which trials of a run are judged: one for each key, all of one setting. Knows no deltas. */
import { InputError } from "../foundation/errors.js";
import type { TrialRecord } from "../records/trial-record.js";

/** @throws InputError where the compared trials differ in steps or learning rate: their losses cannot be paired. */
export function settledTrials(records: readonly TrialRecord[]): TrialRecord[] {
  const trials = [...new Map(records.map((record) => [record.key, record])).values()];
  const compared = trials.filter(({ purpose }) => purpose !== "learning-rate" && purpose !== "sensitivity");
  const [first] = compared;
  const other = compared.find(
    ({ steps, learningRate }) => steps !== first.steps || learningRate !== first.learningRate,
  );
  if (other)
    throw new InputError(
      `The trials '${first.key}' (${first.steps} steps at ${first.learningRate}) and '${other.key}' (${other.steps} steps at ${other.learningRate}) are of different settings and cannot be compared. Judge them in separate folders.`,
    );
  return trials;
}
