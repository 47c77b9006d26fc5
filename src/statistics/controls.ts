/** @file Checks of the test itself, from the trials that are judged and what they are paired with. */
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";

type Control = VerdictsRecord["controls"][string];
type Finished = TrialRecord & { readonly outcome: FinishedOutcome };

const list = (values: readonly (number | string)[]) => values.join(", ");
const shownKeys = 4;

function keysOf(trials: readonly TrialRecord[]): string {
  const keys = trials.slice(0, shownKeys).map(({ key }) => key);
  return `${keys.join("; ")}${trials.length > shownKeys ? ` and ${trials.length - shownKeys} more` : ""}`;
}

function frozenUnchanged(finished: readonly Finished[]): Control {
  const hashesOf = ({ outcome }: Finished) => Object.values(outcome.frozenSha256);
  const moved = finished.filter((trial) => hashesOf(trial).some(([before, after]) => before !== after));
  // A check of nothing must not pass for a check.
  const unhashed = finished.filter(
    (trial) => trial.arm !== "full" && !trial.arm.endsWith(":trainable") && hashesOf(trial).length === 0,
  );
  const hashed = finished.filter((trial) => hashesOf(trial).length > 0);
  if (moved.length > 0) return { passed: false, text: `Frozen weights changed in: ${keysOf(moved)}.` };
  if (unhashed.length > 0) return { passed: false, text: `No frozen weight was checked in: ${keysOf(unhashed)}.` };
  return {
    passed: true,
    text: `The bytes of every frozen weight are the same before and after, in ${hashed.length} trials.`,
  };
}

/** Percent of the loss before. */
const fall = ({ heldOutLossBefore, heldOutLossAfter }: FinishedOutcome) =>
  ((heldOutLossBefore - heldOutLossAfter) / heldOutLossBefore) * 100;

/** By the margin at least: what learns nothing at all would be within it otherwise. */
function fullLearns(full: readonly TrialRecord[], margin: number): Control {
  const diverged = full.filter(({ outcome }) => outcome.kind === "diverged").map(({ seed }) => seed);
  if (diverged.length > 0)
    return {
      passed: false,
      text: `\`full\` diverges for seed ${list(diverged)}: nothing can be judged against it. Lower the learning rate.`,
    };
  const finished = full.flatMap(({ seed, outcome }) => (outcome.kind === "finished" ? [{ seed, outcome }] : []));
  if (finished.length === 0) return { passed: false, text: "No `full` trial finished." };
  const risen = finished.filter(({ outcome }) => fall(outcome) <= 0).map(({ seed }) => seed);
  if (risen.length > 0)
    return {
      passed: false,
      text: `The held-out loss of \`full\` does not fall for seed ${list(risen)}: nothing can be judged against it.`,
    };
  const mean = finished.reduce((sum, { outcome }) => sum + fall(outcome), 0) / finished.length;
  if (mean < margin)
    return {
      passed: false,
      text: `The held-out loss of \`full\` falls by ${mean.toPrecision(2)}% only, less than the margin of ${margin}%: an arm that learns nothing would hold too. Train for more steps, at a higher learning rate, or on other data.`,
    };
  return {
    passed: true,
    text: `The held-out loss of \`full\` falls by ${mean.toPrecision(3)}%, in ${finished.length === 1 ? "the one seed" : `all ${finished.length} seeds`}.`,
  };
}

export function controlsOf(trials: readonly TrialRecord[], margin: number): VerdictsRecord["controls"] {
  const finished = trials.flatMap((trial): Finished[] =>
    trial.outcome.kind === "finished" ? [{ ...trial, outcome: trial.outcome }] : [],
  );
  return {
    "frozen weights unchanged": frozenUnchanged(finished),
    "full learns": fullLearns(
      trials.filter(({ arm, purpose }) => arm === "full" && purpose === "sft"),
      margin,
    ),
  };
}
