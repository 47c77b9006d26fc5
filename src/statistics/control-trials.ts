/** @file What the control trials of a run show of the test itself. Runs nothing. */
import type { TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { type ArmInterval, armInterval } from "./arm-interval.js";
import { type ArmOfMatrices, deltasPercent, pairUp } from "./paired-difference.js";

interface Delta extends ArmInterval {
  readonly n: number;
  readonly diverged: number;
}

/** Judged like an arm of a target, but by its own trials: a target that is treated alike has others of the same seeds. */
function deltaOf(
  trials: readonly TrialRecord[],
  which: ArmOfMatrices,
  margin: number,
  confidence: number,
): Delta | null {
  const own = trials.flatMap((trial): TrialRecord[] => {
    if (trial.purpose === "sft") return trial.arm === "full" ? [trial] : [];
    return trial.purpose === "control" ? [{ ...trial, purpose: "sft" }] : [];
  });
  const { pairs, diverged } = pairUp(own, which);
  const n = pairs.length + diverged.length;
  if (n === 0) return null;
  const deltas = { values: deltasPercent(pairs, "after"), diverged: diverged.length };
  return { ...armInterval(deltas, margin, 1 - confidence), n, diverged: diverged.length };
}

const signed = (value: number) => `${value > 0 ? "+" : ""}${value.toFixed(3)}`;
const seedsText = (n: number) => (n === 1 ? "1 seed" : `${n} seeds`);

function text({ mean, low, high, n, diverged }: Delta): string {
  if (diverged > 0) return `diverges in ${diverged} of ${seedsText(n)}`;
  if (n === 1) return `${signed(mean)}%, and one seed gives no interval`;
  return `${signed(mean)}% [${signed(low)}, ${signed(high)}], ${seedsText(n)}`;
}

/** One seed has no interval. */
const unchecked = (delta: Delta | null) => (delta === null || delta.n < 2 ? { checked: false } : {});

const scattered = /^scattered\((\d+)\)$/;

/** Treated by a control; "planted" and "scattered(n)" are no matrices of the model. */
function controlledSets(trials: readonly TrialRecord[]): ArmOfMatrices[] {
  const sets = new Map<string, ArmOfMatrices>();
  for (const { purpose, arm, matrices } of trials)
    if (purpose === "control") sets.set(`${arm} ${matrices.join()}`, { arm, matrices });
  return [...sets.values()];
}

/** Named checks; none where the run has no control trials. */
export function trialControls(
  trials: readonly TrialRecord[],
  margin: number,
  confidence: number,
): VerdictsRecord["controls"] {
  const controls: VerdictsRecord["controls"] = {};
  for (const which of controlledSets(trials)) {
    const delta = deltaOf(trials, which, margin, confidence);
    const [first] = which.matrices;
    const entries = scattered.exec(first)?.[1];
    if (first === "planted")
      controls["planted dead matrix"] = {
        ...{ passed: delta?.holds ?? false, ...unchecked(delta) },
        text:
          delta === null
            ? "No trial of the planted matrix is paired with `full`."
            : `A matrix whose output is multiplied by zero was planted and randomised: ${text(delta)}. It must cost nothing.`,
      };
    else if (entries !== undefined)
      controls["scattered entries frozen"] = {
        // For comparison: whatever it costs, the test is not at fault.
        ...{ passed: delta !== null, ...(delta === null && { checked: false }) },
        text:
          delta === null
            ? "No trial with scattered entries frozen is paired with `full`."
            : `${entries} entries, as many as a target has, frozen at random over all matrices: ${text(delta)}. A matrix is special where freezing it costs more than this.`,
      };
    else
      controls["all attention randomised"] = {
        ...{ passed: delta?.shownWorse ?? false, ...unchecked(delta) },
        text:
          delta === null
            ? "No trial with all attention randomised is paired with `full`."
            : `All ${which.matrices.length} attention matrices random and frozen at once: ${text(delta)}. It must be shown worse than the margin of ${margin}%: a test that misses this has no power.`,
      };
  }
  return controls;
}
