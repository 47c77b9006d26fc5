/** @file Where the verdicts of a run folder mean little, from what the folder keeps of its model and data. Judges nothing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRecord } from "../records/record-file.js";
import { type TestRecord, testRecord } from "../records/test-record.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { type TargetFacts, targetFacts, testWarnings } from "../study/test-warnings.js";

/** Share of the parameters by target: what `full` trains and an arm that freezes it does not. */
function sharesOf(trials: readonly TrialRecord[]): Map<string, number> {
  const full = trials.find(({ arm }) => arm === "full");
  if (!full) return new Map();
  return new Map(
    trials
      .filter(({ arm }) => arm !== "full" && !arm.endsWith(":trainable"))
      .map(({ matrices, trainableParameters }) => [
        matrices.join("+"),
        1 - trainableParameters / full.trainableParameters,
      ]),
  );
}

/** Older records of a test say in a sentence alone which matrices are like noise. */
function toldOfNoise({ targets, verdicts }: TestRecord): string[] | null {
  const older = targets.every(({ matrices }) => matrices.every(({ noiseLike }) => noiseLike === undefined));
  return older ? verdicts.warnings.filter((text) => text.includes("cannot be told from i.i.d. noise by")) : null;
}

/**
 * The warnings of `deadweight test`, for verdicts that were judged again: from its record where the test was finished, else from the
 * trials and the data; what neither tells is said to be unknown.
 * @param trials the newest of each key. @param heldOutTokens scored tokens of each held-out example, where they are known.
 */
export function folderWarnings(
  folder: string,
  trials: readonly TrialRecord[],
  verdicts: VerdictsRecord,
  heldOutTokens: readonly number[] | undefined,
): string[] {
  const path = join(folder, "test.json");
  const record = existsSync(path) ? readRecord(path, testRecord) : null;
  const told = record && toldOfNoise(record);
  const recorded = new Map(record ? targetFacts(record).map((facts) => [facts.name, facts]) : []);
  const finished = trials.filter(({ purpose, outcome }) => purpose === "sft" && outcome.kind === "finished");
  const shares = sharesOf(finished);
  const targets = verdicts.matrices.map(({ name }): TargetFacts => {
    const known = recorded.get(name);
    return {
      ...{ name, share: known?.share ?? shares.get(name) ?? null },
      noiseLike: known && told ? [] : (known?.noiseLike ?? null),
    };
  });
  const losses = finished.flatMap(({ arm, outcome }) =>
    arm === "full" && outcome.kind === "finished" ? [outcome.heldOutLossAfter] : [],
  );
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const warnings = testWarnings({
    heldOutTokens: heldOutTokens ? sum(heldOutTokens) : (record?.data.scoredTokens.heldOut ?? null),
    controlled: trials.some(({ purpose }) => purpose === "control") || (record ? false : null),
    learningRate: finished[0]?.learningRate ?? Number.NaN,
    triedRates: trials.filter(({ purpose }) => purpose === "learning-rate").map((trial) => trial.learningRate),
    lossAfter: losses.length > 0 ? sum(losses) / losses.length : null,
    ...{ targets, verdicts },
  });
  return [...warnings, ...(told ?? [])];
}
