/** @file The trials of a run folder, as they are judged: one for each key. A line that was changed by hand is named. */
import { InputError } from "../foundation/errors.js";
import { readNumberedRecords } from "./record-file.js";
import { type FinishedOutcome, type TrialRecord, trialRecord } from "./trial-record.js";

/** What the losses of one trial cannot be; null where nothing is wrong. */
function contradiction({ curve, heldOutLossBefore, heldOutLossAfter }: FinishedOutcome): string | null {
  const [first, last] = [curve[0], curve.at(-1)];
  if (!first || !last) return "its curve has no points";
  if (first[1] !== heldOutLossBefore)
    return `heldOutLossBefore is ${heldOutLossBefore}, and its curve begins at ${first[1]}`;
  if (last[1] !== heldOutLossAfter) return `heldOutLossAfter is ${heldOutLossAfter}, and its curve ends at ${last[1]}`;
  return null;
}

const ends = ({ heldOutLossBefore, heldOutLossAfter }: FinishedOutcome) =>
  `${heldOutLossBefore} to ${heldOutLossAfter}`;

/** Of the same setting, whose numbers are the same every time on one machine. */
const isRepetition = (before: TrialRecord, record: TrialRecord) =>
  before.steps === record.steps && before.learningRate === record.learningRate;

/**
 * The newest record of each key: a failed trial is superseded by its repetition. An absent file holds none.
 * @throws InputError with the line, where it is no trial, contradicts itself, or gives another result to a trial that was finished before.
 */
export function readTrials(path: string): TrialRecord[] {
  const newest = new Map<string, TrialRecord>();
  for (const { line, record } of readNumberedRecords(path, trialRecord)) {
    const { key, outcome } = record;
    const before = newest.get(key);
    if (outcome.kind === "finished") {
      const wrong = contradiction(outcome);
      if (wrong !== null)
        throw new InputError(
          `${path}:${line}: '${key}': ${wrong}. Restore the line, or delete it to run the trial anew.`,
        );
      if (before?.outcome.kind === "finished" && isRepetition(before, record) && ends(before.outcome) !== ends(outcome))
        throw new InputError(
          `${path}:${line}: '${key}' went from ${ends(outcome)} nats here, and from ${ends(before.outcome)} in a line before. Keep one of the two lines.`,
        );
    }
    newest.set(key, record);
  }
  return [...newest.values()];
}
