/** @file What a reader of the verdicts must know besides them, in sentences. Judges nothing. */

import { armAt, type SequenceArm, sequence } from "../records/arm-sequence.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { MatrixVerdict } from "../records/verdicts-record.js";
import type { Looks } from "./first-passage.js";

/** Named one by one; more of them tell no more. */
const shownKeys = 8;
const trialsText = (keys: readonly string[]) => `${keys.length} ${keys.length === 1 ? "trial" : "trials"}`;
const keysText = (keys: readonly string[]) =>
  `${keys.slice(0, shownKeys).join("; ")}${keys.length > shownKeys ? ` and ${keys.length - shownKeys} more` : ""}`;

/** @param seeds those that are paired with `full` in some arm. */
export function trialWarnings(trials: readonly TrialRecord[], seeds: readonly number[]): string[] {
  // A learning rate at which `full` diverges is a finding of the search, not a defect of the test.
  const compared = trials.filter(({ purpose }) => purpose !== "learning-rate" && purpose !== "sensitivity");
  const keysOf = (kind: TrialRecord["outcome"]["kind"]) =>
    compared.filter(({ outcome }) => outcome.kind === kind).map(({ key }) => key);
  const [failed, diverged] = [keysOf("failed"), keysOf("diverged")];
  const warnings: string[] = [];
  if (seeds.length < 2)
    warnings.push(
      seeds.length === 1
        ? "One seed gives no interval: every verdict is undecided."
        : "No seed of an arm is paired with a finished `full`: every verdict is undecided.",
    );
  if (failed.length > 0) warnings.push(`${trialsText(failed)} failed and missing: ${keysText(failed)}.`);
  if (diverged.length > 0)
    warnings.push(
      diverged.length === compared.length
        ? `All ${trialsText(diverged)} diverged: lower the learning rate (--lr).`
        : `${trialsText(diverged)} diverged: ${keysText(diverged)}.`,
    );
  return warnings;
}

/** What the plan of looks leaves out. @param seeds those that are judged. */
export function lookWarnings(
  trials: readonly TrialRecord[],
  seeds: readonly number[],
  { first, last }: Looks,
): string[] {
  const beyond = new Set(trials.filter(({ purpose }) => purpose === "sft").map(({ seed }) => seed)).size > last;
  const warnings: string[] = [];
  if (seeds.length > 1 && seeds.length < first)
    warnings.push(`${seeds.length} seeds are judged, the first look comes after ${first}: every verdict is undecided.`);
  if (beyond)
    warnings.push(
      `There are more seeds than the ${last} of the plan; no arm is judged by more than its first ${last}.`,
    );
  return warnings;
}

/**
 * What limits one matrix.
 * @param seeds how many any arm of any matrix has.
 * @param unclaimed arms whose interval was widened, as the sequence stopped before them.
 */
export function matrixWarnings(
  { name, arms, verdict }: MatrixVerdict,
  seeds: number,
  unclaimed: readonly SequenceArm[],
): string[] {
  const single = Object.entries(arms).filter(([, { n }]) => n < 2);
  const missing = sequence.filter((place) => armAt(place, Object.keys(arms)) === undefined);
  const warnings: string[] = [];
  if (seeds > 1 && single.length > 0)
    warnings.push(
      `${name}: fewer than two seeds of ${single.map(([arm]) => arm).join(", ")} are paired with \`full\`; they show nothing.`,
    );
  if (unclaimed.length > 0)
    warnings.push(
      `${name}: ${unclaimed.join(", ")} would hold alone, but an arm before in the sequence does not; the upper end is drawn at the margin.`,
    );
  if (verdict === "undecided" && missing.length > 0)
    warnings.push(
      `${name}: ${missing.join(", ")} ${missing.length === 1 ? "was" : "were"} not run; an arm that is missing stops the sequence.`,
    );
  return warnings;
}
