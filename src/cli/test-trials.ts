/** @file What a test runs, from its arguments: the study's options, and how many trials they come to. Runs none. */
import type { TrialSetting } from "../crystal/trial-spec.js";
import type { TaskRunner } from "../dispatch/task.js";
import type { RunFolder } from "../records/run-folder.js";
import { sensitivityFactors } from "../statistics/rate-sensitivity.js";
import { controlSeeds } from "../study/control-trials.js";
import type { CrystallizationTestOptions, SeedPlan } from "../study/crystallization-test.js";
import { learningRates } from "./learning-rates.js";
import type { SourceOptions } from "./local-sources.js";
import { firstLook, type TestArguments } from "./test-arguments.js";
import type { TestedModel } from "./tested-model.js";

export function seedPlanOf({ seeds, maxSeeds }: TestArguments): SeedPlan {
  return seeds === null ? { kind: "sequential", first: firstLook, most: maxSeeds } : { kind: "fixed", seeds };
}

export interface TrialCounts {
  /** Before the first look, or in all where the seeds are fixed. */
  readonly first: number;
  /** If nothing is decided before the last seed. */
  readonly most: number;
}

/** The choice of the rate and the controls included. */
export function trialCounts({ targets, attention }: TestedModel, args: TestArguments): TrialCounts {
  const { arms, learningRate, controls, sensitivity } = args;
  const plan = seedPlanOf(args);
  const [first, most] = plan.kind === "fixed" ? [plan.seeds, plan.seeds] : [plan.first, plan.most];
  const rates = learningRate === null ? learningRates.length : 0;
  const perSeed = targets.length * arms.length + 2;
  const tried = controls ? Math.min(controlSeeds, first) * (attention.length > 0 ? 3 : 2) : 0;
  const again = sensitivity ? sensitivityFactors.length * first * (perSeed - 1) : 0;
  return { first: rates + tried + again + first * perSeed, most: rates + tried + again + most * perSeed };
}

/** Half of the targets are larger: what is frozen at random is to be comparable. */
function typicalElements({ targets }: TestedModel): number {
  const sizes = targets.map((matrices) => matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0));
  return sizes.sort((a, b) => a - b)[Math.floor(sizes.length / 2)];
}

export interface StudyParts {
  readonly folder: RunFolder;
  readonly setting: TrialSetting;
  readonly runners: readonly TaskRunner[];
  /** Scored tokens of each held-out example. */
  readonly heldOutTokens: readonly number[];
}

export function studyOptions(
  tested: TestedModel,
  args: TestArguments,
  parts: StudyParts,
  { progress, signal }: SourceOptions,
): CrystallizationTestOptions {
  const { arms, steps, seed, margin, confidence, sensitivity } = args;
  return {
    ...parts,
    ...{ signal, arms, steps, seed, margin, confidence, sensitivity },
    targets: tested.targets.map((matrices) => matrices.map(({ name }) => name)),
    seedPlan: seedPlanOf(args),
    learningRate: args.learningRate ?? learningRates,
    controls: args.controls ? { attention: tested.attention, targetElements: typicalElements(tested) } : null,
    onProgress: progress.update,
    onNote: progress.note,
  };
}
