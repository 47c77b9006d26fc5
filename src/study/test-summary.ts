/** @file From a finished test to its record: the figures of every arm, beside what was tested and how. Pure: runs nothing. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { armName } from "../crystal/arm.js";
import type { TrialSetting } from "../crystal/trial-spec.js";
import { version } from "../foundation/version.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import type { TestedData, TestedMatrix, TestedTarget, TestRecord } from "../records/test-record.js";
import { armFiguresOf } from "../statistics/arm-figures.js";
import { rateSensitivity } from "../statistics/rate-sensitivity.js";
import type { CrystallizationTest, CrystallizationTestOptions } from "./crystallization-test.js";
import { spectralPrediction } from "./spectral-prediction.js";
import { targetFacts, testWarnings } from "./test-warnings.js";

export interface TestFacts {
  readonly model: TestRecord["model"];
  readonly data: TestedData;
  readonly setting: TrialSetting;
  /** What computed. */
  readonly engine: string;
  readonly scoredTokensPerStep: number;
  readonly targets: readonly (readonly CheckpointMatrix[])[];
  /** Of the tested matrices. */
  readonly scan: readonly MatrixScanRecord[];
}

/** What every seed of the last look would have taken for every arm of every target. */
function fixedDesign({ seedPlan, targets, arms }: CrystallizationTestOptions, others: number): number {
  const seeds = seedPlan.kind === "fixed" ? seedPlan.seeds : seedPlan.most;
  return others + seeds * (targets.length * arms.length + 1);
}

/** Absent where it was not scanned. */
function noiseOf(name: string, scan: readonly MatrixScanRecord[]): Pick<TestedMatrix, "noiseLike"> {
  const scanned = scan.find((matrix) => matrix.name === name);
  return scanned ? { noiseLike: scanned.noiseLike } : {};
}

function targetOf(
  matrices: readonly CheckpointMatrix[],
  scan: readonly MatrixScanRecord[],
  { arms }: CrystallizationTestOptions,
  { trials, verdicts }: CrystallizationTest,
): TestedTarget {
  const names = matrices.map(({ name }) => name);
  return {
    name: names.join("+"),
    matrices: matrices.map(({ name, layer, role, rows, cols }) => ({
      ...{ name, layer, role, rows, cols },
      ...noiseOf(name, scan),
    })),
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
  const { model, data, setting, engine, scoredTokensPerStep, targets, scan } = facts;
  const { trials, verdicts, learningRate, candidates } = test;
  const { rows, length, slots, rowsAtOnce } = setting;
  const ended = (kind: "finished" | "diverged" | "failed") =>
    trials.filter(({ outcome }) => outcome.kind === kind).length;
  const tested = targets.map((matrices) => targetOf(matrices, scan, options, test));
  const prediction = spectralPrediction(tested, scan, trials);
  const sensitivity = rateSensitivity(trials, options);
  const others = trials.filter(({ purpose }) => purpose !== "sft").length;
  const record = {
    version,
    model,
    data,
    sft: {
      ...{ steps: options.steps, learningRate },
      learningRateCandidates: candidates.map((candidate) => ({ ...candidate })),
      ...{ rows, length, slots, rowsAtOnce, scoredTokensPerStep, seeds: [...verdicts.seeds], backend: engine },
    },
    full: armFiguresOf(trials, { arm: "full", matrices: [] }, verdicts),
    targets: tested,
    verdicts,
    trials: {
      ...{ finished: ended("finished"), diverged: ended("diverged"), failed: ended("failed") },
      ...{ fixedDesign: fixedDesign(options, others), others },
    },
    ...(prediction.length > 0 && { prediction }),
    ...(sensitivity.length > 0 && { sensitivity }),
    trialSeconds: trials.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
  };
  const warnings = [
    ...verdicts.warnings,
    ...testWarnings({
      ...{ heldOutTokens: data.scoredTokens.heldOut, lossAfter: record.full.lossAfter.mean, verdicts },
      ...{ controlled: options.controls !== null, learningRate },
      triedRates: candidates.map((tried) => tried.learningRate),
      targets: targetFacts(record),
    }),
  ];
  return { schema: "deadweight/test@1", ...record, verdicts: { ...verdicts, warnings } };
}
