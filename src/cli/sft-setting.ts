/** @file How a fine-tuning will be run: steps, schedule, evaluations, memory, the rule of freezing. Trains nothing. */
import type { ProgressiveSettings } from "../records/sft-record.js";
import { defaultProgressive } from "../training/progressive-freezing.js";
import type { DataTaskResult } from "./data-task.js";
import type { SftArguments } from "./sft-arguments.js";
import type { SftModel } from "./sft-start.js";
import { memoryBudget, planTrials, type TrialPlan } from "./trial-plan.js";

export interface SftSetting {
  /** Of one process: batch, memory, threads. */
  readonly plan: TrialPlan;
  readonly steps: number;
  readonly epochs: number;
  readonly warmupSteps: number;
  readonly evaluateEvery: number;
  readonly cacheBytes: number;
  readonly progressive: ProgressiveSettings | null;
}

const evaluations = 20;
/** Of each candidate in the choice of the learning rate. */
export const candidateSteps = 50;

function progressiveOf({ progressive }: SftArguments, warmupSteps: number): ProgressiveSettings | null {
  if (progressive === null) return null;
  const every = progressive.every ?? defaultProgressive.every;
  return {
    what: progressive.what ?? defaultProgressive.what,
    every,
    // What moves while the rate still rises says nothing of what will move.
    after: Math.max(1, warmupSteps, Math.min(defaultProgressive.after, every)),
    threshold: progressive.threshold ?? defaultProgressive.threshold,
    most: progressive.most ?? defaultProgressive.most,
    tolerance: progressive.tolerance ?? defaultProgressive.tolerance,
  };
}

/** One sentence where the run ends before anything can be frozen along the way: the first interval is only the measure for the others. */
export function tooShortNote({ progressive, steps }: SftSetting): string | null {
  if (progressive === null) return null;
  const first = progressive.after + 2 * progressive.every;
  return first < steps
    ? null
    : `Nothing will be frozen along the way: the first step after which it could be is ${first}, and the run has ${steps}. Give a lower --freeze-every, or more steps.`;
}

/** @throws InputError where not even one row fits the memory. */
export function sftSetting(
  { model }: SftModel,
  data: DataTaskResult,
  args: SftArguments,
  paths: { readonly model: string; readonly data: string },
): SftSetting {
  const perEpoch = data.examples.training / data.plan.meanExamples;
  const { length } = args;
  const steps = length.kind === "steps" ? length.steps : Math.max(1, Math.ceil(length.epochs * perEpoch));
  const warmupSteps = Math.round(args.warmup * steps);
  const evaluateEvery = args.evaluateEvery ?? Math.max(1, Math.round(steps / evaluations));
  // The candidates of the learning rate are compared after their last step.
  const plan = planTrials(model, data, { ...args, jobs: 1, evaluateEvery: candidateSteps }, paths);
  const free = Math.max(0, memoryBudget(args) - plan.memory.bytes);
  return {
    ...{ plan, steps, epochs: steps / perEpoch, warmupSteps, evaluateEvery },
    cacheBytes: Math.floor(args.cacheBytes ?? free / 2),
    progressive: progressiveOf(args, warmupSteps),
  };
}
