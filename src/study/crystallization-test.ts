/** @file The crystallization test in a run folder, stage by stage: learning rate, losses before, trials, verdicts. Knows no report. */
import { type Arm, armName } from "../crystal/arm.js";
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import { findLossesBefore } from "../dispatch/losses-before.js";
import type { TaskRunner } from "../dispatch/task.js";
import { fractionDone, runTrials, type TrialProgress, trialsDetail } from "../dispatch/trial-queue.js";
import { writeRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { sensitivityFactors } from "../statistics/rate-sensitivity.js";
import { undecidedArms } from "../statistics/undecided-arms.js";
import { type JudgeOptions, judge } from "../statistics/verdict.js";
import { controlSeeds, controlSpecs } from "./control-trials.js";
import { chooseLearningRate, type LearningRateCandidate, type LearningRateChoice } from "./learning-rate.js";
import { everyArm, type MatrixTest, seedSpecs, seedsFrom, sensitivitySpecs } from "./matrix-test.js";
import { nextTrials } from "./sequential-trials.js";

export interface StageProgress {
  readonly stage: string;
  /** 0..1 */
  readonly fraction: number;
  readonly detail: string;
}

/** So many seeds of everything, or seed by seed what is not decided yet. */
export type SeedPlan =
  | { readonly kind: "fixed"; readonly seeds: number }
  | { readonly kind: "sequential"; readonly first: number; readonly most: number };

export interface CrystallizationTestOptions {
  readonly folder: RunFolder;
  readonly setting: TrialSetting;
  /** Canonical names; those of one target are treated together. */
  readonly targets: readonly (readonly string[])[];
  /** Besides `full`. */
  readonly arms: readonly Arm[];
  readonly seedPlan: SeedPlan;
  readonly steps: number;
  /** The rate itself, or those among which it is chosen. */
  readonly learningRate: number | readonly number[];
  /** Of the choice of the rate. */
  readonly seed: number;
  /** All attention matrices, and elements of a target: what the controls treat. Null: no controls. */
  readonly controls: { readonly attention: readonly string[]; readonly targetElements: number } | null;
  /** Whether everything is repeated at half and at twice the learning rate. */
  readonly sensitivity: boolean;
  readonly margin: number;
  readonly confidence: number;
  /** Scored tokens of each held-out example; absent where they are not known. */
  readonly heldOutTokens?: readonly number[];
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
  if (typeof given === "number") return { learningRate: given, candidates: [], records: [] };
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

function judgeOptions({ margin, confidence, seedPlan }: CrystallizationTestOptions): JudgeOptions {
  if (seedPlan.kind === "fixed") return { margin, confidence };
  return { margin, confidence, looks: { first: seedPlan.first, last: seedPlan.most } };
}

async function run(
  specs: readonly TrialSpec[],
  stage: string,
  options: CrystallizationTestOptions,
): Promise<TrialRecord[]> {
  const { folder, setting, runners, signal, onProgress } = options;
  const heldOutLossBefore = await findLossesBefore(specs, {
    ...{ setting, runners, signal, path: folder.file("before.jsonl") },
    onProgress: ({ done, total }) =>
      onProgress({ stage: "before fine-tuning", fraction: done / total, detail: `${done} of ${total} targets` }),
  });
  return runTrials(specs, {
    ...{ setting, runners, signal, heldOutLossBefore, path: folder.file("trials.jsonl") },
    onProgress: trialsProgress(stage, options),
  });
}

/** Pairs of `full` for the noise floor, where seeds go on and on. */
const floorSeeds = 5;

async function trialsOf(test: MatrixTest, options: CrystallizationTestOptions): Promise<TrialRecord[]> {
  const { seedPlan, controls, steps } = options;
  const { learningRate } = test;
  const first = seedsFrom(1, seedPlan.kind === "fixed" ? seedPlan.seeds : Math.min(seedPlan.first, seedPlan.most));
  const controlled =
    controls === null ? [] : controlSpecs({ ...controls, seeds: first.slice(0, controlSeeds), steps, learningRate });
  const specs = [...first.flatMap((seed) => seedSpecs(test, seed, everyArm(test))), ...controlled];
  let trials = await run(specs, "trials", options);
  if (seedPlan.kind === "fixed") return trials;
  for (;;) {
    const open = undecidedArms(trials, { ...judgeOptions(options), targets: wantedTargets(test) });
    const next = nextTrials({ test, trials, open, most: seedPlan.most, floorSeeds, jobs: options.runners.length });
    if (next.length === 0) return trials;
    const seeds = Math.max(...next.map(({ seed }) => seed));
    const stage = `${open.length} of ${test.targets.length} targets open, seed ${seeds} of at most ${seedPlan.most}`;
    trials = [...trials, ...(await run(next, stage, options))];
  }
}

const wantedTargets = ({ targets, arms }: MatrixTest) =>
  targets.map((matrices) => ({ matrices, arms: arms.map(armName) }));

/** Over the seeds before the first look, or all where they are fixed. */
async function sensitivityTrials(test: MatrixTest, options: CrystallizationTestOptions): Promise<TrialRecord[]> {
  const { seedPlan, sensitivity, folder, setting, runners, signal } = options;
  if (!sensitivity) return [];
  const seeds = seedsFrom(1, seedPlan.kind === "fixed" ? seedPlan.seeds : seedPlan.first);
  const specs = sensitivityFactors.flatMap((factor) => sensitivitySpecs(test, factor * test.learningRate, seeds));
  return runTrials(specs, {
    ...{ setting, runners, signal, path: folder.file("trials.jsonl") },
    onProgress: trialsProgress("at half and twice the rate", options),
  });
}

/** Runs what is missing and writes verdicts.json. @throws InterruptedError: what is finished is on file. */
export async function runCrystallizationTest(options: CrystallizationTestOptions): Promise<CrystallizationTest> {
  const { folder, targets, arms, steps, heldOutTokens } = options;
  const { learningRate, candidates } = await learningRateOf(options);
  const test = { targets, arms, steps, learningRate };
  const trials = [...(await trialsOf(test, options)), ...(await sensitivityTrials(test, options))];
  const verdicts = judge(trials, { ...judgeOptions(options), details: true, heldOutTokens });
  writeRecord(folder.file("verdicts.json"), verdicts);
  return { learningRate, candidates, trials, verdicts };
}
