/** @file The crystallization test in a run folder, stage by stage: learning rate, losses before, trials, verdicts. Knows no report. */
import type { Arm } from "../crystal/arm.js";
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import { findLossesBefore } from "../dispatch/losses-before.js";
import type { TaskRunner } from "../dispatch/task.js";
import { fractionDone, runTrials, type TrialProgress, trialsDetail } from "../dispatch/trial-queue.js";
import { writeRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { type JudgeOptions, judge } from "../statistics/verdict.js";
import { chooseLearningRate, type LearningRateCandidate, type LearningRateChoice } from "./learning-rate.js";
import { matrixTestSpecs } from "./matrix-test.js";

export interface StageProgress {
  readonly stage: string;
  /** 0..1 */
  readonly fraction: number;
  readonly detail: string;
}

export interface CrystallizationTestOptions {
  readonly folder: RunFolder;
  readonly setting: TrialSetting;
  /** Canonical names; those of one target are treated together. */
  readonly targets: readonly (readonly string[])[];
  /** Besides `full`. */
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly steps: number;
  /** The rate itself, or those among which it is chosen. */
  readonly learningRate: number | readonly number[];
  /** Of the choice of the rate. */
  readonly seed: number;
  readonly judging: JudgeOptions;
  readonly runners: readonly TaskRunner[];
  readonly onProgress: (progress: StageProgress) => void;
  readonly onNote: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface CrystallizationTest {
  readonly learningRate: number;
  readonly candidates: readonly LearningRateCandidate[];
  /** Of this test: the folder may hold more. */
  readonly trials: readonly TrialRecord[];
  readonly verdicts: VerdictsRecord;
}

async function learningRateOf(options: CrystallizationTestOptions): Promise<LearningRateChoice> {
  const { learningRate: given, folder, setting, runners, steps, seed, signal, onNote } = options;
  if (typeof given === "number") return { learningRate: given, candidates: [] };
  const choice = await chooseLearningRate({
    ...{ setting, runners, steps, seed, signal, candidates: given, path: folder.file("trials.jsonl") },
    onProgress: trialsProgress("learning rate", options),
  });
  const edge =
    choice.learningRate === Math.max(...given) ? "; the highest that was tried, a higher one may learn more" : "";
  onNote(`Learning rate ${choice.learningRate}, chosen on \`full\` with examples that no verdict uses${edge}.`);
  return choice;
}

const trialsProgress =
  (stage: string, { onProgress }: CrystallizationTestOptions) =>
  (progress: TrialProgress) =>
    onProgress({ stage, fraction: fractionDone(progress), detail: trialsDetail(progress) });

/** Trials that are on file already need no loss before them. */
async function lossesBefore(
  specs: readonly TrialSpec[],
  { folder, setting, runners, signal, onProgress }: CrystallizationTestOptions,
): Promise<Map<string, number>> {
  return findLossesBefore(specs, {
    ...{ setting, runners, signal, path: folder.file("before.jsonl") },
    onProgress: ({ done, total }) =>
      onProgress({ stage: "before fine-tuning", fraction: done / total, detail: `${done} of ${total} targets` }),
  });
}

/** Runs what is missing and writes verdicts.json. @throws InterruptedError: what is finished is on file. */
export async function runCrystallizationTest(options: CrystallizationTestOptions): Promise<CrystallizationTest> {
  const { folder, setting, targets, arms, seeds, steps, judging, runners, signal } = options;
  const { learningRate, candidates } = await learningRateOf(options);
  const specs = matrixTestSpecs({ targets, arms, steps, learningRate }, seeds);
  const trials = await runTrials(specs, {
    ...{ setting, runners, signal, path: folder.file("trials.jsonl") },
    heldOutLossBefore: await lossesBefore(specs, options),
    onProgress: trialsProgress("trials", options),
  });
  const verdicts = judge(trials, judging);
  writeRecord(folder.file("verdicts.json"), verdicts);
  return { learningRate, candidates, trials, verdicts };
}
