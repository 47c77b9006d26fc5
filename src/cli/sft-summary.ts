/** @file The record of a finished fine-tuning, from its parts. Reads and writes nothing. */
import { version } from "../foundation/version.js";
import type { SftRecord } from "../records/sft-record.js";
import type { LearningRateCandidate } from "../study/learning-rate.js";
import type { DataTaskResult } from "./data-task.js";
import { testedData } from "./fine-tuning-data.js";
import type { SftArguments } from "./sft-arguments.js";
import { frozenMatrices } from "./sft-bound-plan.js";
import { pairedComparison } from "./sft-comparison.js";
import type { SftRuns } from "./sft-runs.js";
import type { SftSetting } from "./sft-setting.js";
import type { PlanFile, SftModel } from "./sft-start.js";

export interface SftFacts {
  readonly args: SftArguments;
  readonly opened: SftModel;
  readonly plan: PlanFile | null;
  readonly data: DataTaskResult;
  readonly setting: SftSetting;
  /** What computed. */
  readonly engine: string;
  readonly learningRate: number;
  readonly candidates: readonly LearningRateCandidate[];
}

function settingsOf({ args, data, setting, engine, learningRate, candidates }: SftFacts): SftRecord["settings"] {
  const { steps, epochs, warmupSteps, evaluateEvery, cacheBytes, plan } = setting;
  const { rows, length, slots, rowsAtOnce, device, threads } = plan.setting;
  const { schedule, weightDecay, gradientClip, seed, dtype } = args;
  return {
    ...{ steps, epochs, learningRate, learningRateCandidates: candidates.map((candidate) => ({ ...candidate })) },
    ...{ schedule, warmupSteps, weightDecay, gradientClip, rows, length, slots, rowsAtOnce },
    ...{ scoredTokensPerStep: data.plan.meanScored, evaluateEvery, seed, device, threads },
    ...{ backend: engine, cacheBytes, dtype },
  };
}

export function sftSummary(facts: SftFacts, { frozen, plain }: SftRuns): SftRecord {
  const { args, opened, plan, data, setting } = facts;
  const [run] = frozen;
  return {
    ...{ schema: "deadweight/sft@1", version, model: opened.facts, data: testedData(data, args, opened.model) },
    settings: settingsOf(facts),
    plan: plan === null ? null : { path: plan.path, sha256: plan.sha256, matrices: plan.record.matrices },
    ...{ progressive: setting.progressive, result: run.figures, general: run.general, checkpoints: run.checkpoints },
    frozenMatrices: frozenMatrices(run.matrices, run.figures.frozen, opened.matrices),
    comparison:
      plain.length === 0 ? null : plain.map(({ figures }, index) => pairedComparison(frozen[index].figures, figures)),
  };
}
