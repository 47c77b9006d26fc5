/** @file A record with the verdicts of another judgement in place of its own: for another margin or confidence. */
import type { ArmFigures } from "../records/arm-figures.js";
import type { TestRecord } from "../records/test-record.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { MatrixVerdict, VerdictsRecord } from "../records/verdicts-record.js";
import { armFiguresOf } from "./arm-figures.js";
import { rateSensitivity } from "./rate-sensitivity.js";

/** The arm's figures with the interval of the judgement. */
export function withInterval<Arm extends ArmFigures & { readonly arm: string }>(
  arm: Arm,
  judged: MatrixVerdict | undefined,
): Arm {
  const summary = judged?.arms[arm.arm];
  if (!summary) return arm;
  const { meanDeltaPercent: mean, low, high, n } = summary;
  return { ...arm, deltaPercent: { mean, low, high, n } };
}

/**
 * What depends on margin and confidence is made anew from the trials; where they are not there only the intervals of the deltas change.
 * What then would answer another question is left out, as the rank correlations are: they need the spectra.
 * @param trials of the folder, the newest of each key. It may hold some of matrices that this test did not name: they stay out.
 */
export function rejudged(record: TestRecord, verdicts: VerdictsRecord, trials: readonly TrialRecord[]): TestRecord {
  const names = new Set(record.targets.map(({ name }) => name));
  const own = trials.filter(({ arm, matrices }) => arm === "full" || names.has(matrices.join("+")));
  const ofTest = { ...verdicts, matrices: verdicts.matrices.filter(({ name }) => names.has(name)) };
  const { sensitivity: recorded, prediction, ...kept } = record;
  const same = verdicts.margin === record.verdicts.margin && verdicts.confidence === record.verdicts.confidence;
  const sensitivity = own.length > 0 ? rateSensitivity(own, verdicts) : same ? (recorded ?? []) : [];
  const figures = (arm: string, matrices: readonly string[]) =>
    own.length > 0 ? armFiguresOf(own, { arm, matrices }, ofTest) : {};
  const { margin, confidence } = record.verdicts;
  return {
    ...kept,
    ...(!same && { planned: { margin, confidence } }),
    ...(same && prediction && { prediction }),
    sft: { ...record.sft, seeds: [...verdicts.seeds] },
    verdicts: ofTest,
    full: { ...record.full, ...figures("full", []) },
    targets: record.targets.map((target) => {
      const judged = ofTest.matrices.find(({ name }) => name === target.name);
      const matrices = target.matrices.map(({ name }) => name);
      return {
        ...target,
        arms: target.arms.map((arm) => withInterval({ ...arm, ...figures(arm.arm, matrices) }, judged)),
      };
    }),
    ...(sensitivity.length > 0 && { sensitivity }),
  };
}
