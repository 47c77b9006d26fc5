/** @file From a finished test to its record: the figures of every arm, beside what was tested and how. Pure: runs nothing. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { armName } from "../crystal/arm.js";
import type { TrialSetting } from "../crystal/trial-spec.js";
import { version } from "../foundation/version.js";
import type { TestedData, TestedTarget, TestRecord } from "../records/test-record.js";
import { armFiguresOf } from "../statistics/arm-figures.js";
import type { CrystallizationTest, CrystallizationTestOptions } from "./crystallization-test.js";

export interface TestFacts {
  readonly model: TestRecord["model"];
  readonly data: TestedData;
  readonly setting: TrialSetting;
  readonly scoredTokensPerStep: number;
  readonly targets: readonly (readonly CheckpointMatrix[])[];
}

function targetOf(
  matrices: readonly CheckpointMatrix[],
  { arms }: CrystallizationTestOptions,
  { trials, verdicts }: CrystallizationTest,
): TestedTarget {
  const names = matrices.map(({ name }) => name);
  return {
    name: names.join("+"),
    matrices: matrices.map(({ name, layer, role, rows, cols }) => ({ name, layer, role, rows, cols })),
    parameters: matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
    arms: arms.map((arm) => ({
      arm: armName(arm),
      ...armFiguresOf(trials, { arm: armName(arm), matrices: names }, verdicts),
    })),
  };
}

export function testSummary(
  facts: TestFacts,
  options: CrystallizationTestOptions,
  test: CrystallizationTest,
): TestRecord {
  const { model, data, setting, scoredTokensPerStep, targets } = facts;
  const { trials, verdicts, learningRate, candidates } = test;
  const { rows, length, slots, rowsAtOnce } = setting;
  const ended = (kind: "finished" | "diverged" | "failed") =>
    trials.filter(({ outcome }) => outcome.kind === kind).length;
  return {
    schema: "deadweight/test@1",
    version,
    model,
    data,
    sft: {
      ...{
        steps: options.steps,
        learningRate,
        learningRateCandidates: candidates.map((candidate) => ({ ...candidate })),
      },
      ...{ rows, length, slots, rowsAtOnce, scoredTokensPerStep, seeds: [...verdicts.seeds] },
    },
    full: armFiguresOf(trials, { arm: "full", matrices: [] }, verdicts),
    targets: targets.map((matrices) => targetOf(matrices, options, test)),
    verdicts,
    trials: { finished: ended("finished"), diverged: ended("diverged"), failed: ended("failed") },
    trialSeconds: trials.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
  };
}
