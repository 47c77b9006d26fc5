import { expect, test } from "vitest";
import { parseArm } from "../crystal/arm.js";
import { version } from "../foundation/version.js";
import type { TrialRecord } from "../records/trial-record.js";
import { matrixTestSpecs } from "./matrix-test.js";
import { nextTrials } from "./sequential-trials.js";

const matrixTest = { targets: [["a"], ["b"]], arms: ["frozen", "random"].map(parseArm), steps: 5, learningRate: 0.1 };
const done: TrialRecord[] = matrixTestSpecs(matrixTest, [1, 2, 3]).map((spec) => ({
  ...{ schema: "deadweight/trial@1", version, ...spec, trainableParameters: 1, wallSeconds: 1 },
  outcome: { kind: "diverged", step: 1 },
}));
const open = (matrix: string, arm: string) => ({ matrices: [matrix], arm, seeds: 3, expectedSeeds: 5 });
const keys = (options: Partial<Parameters<typeof nextTrials>[0]>) =>
  nextTrials({
    ...{ test: matrixTest, trials: done, open: [open("a", "frozen")], most: 20, floorSeeds: 5, jobs: 1 },
    ...options,
  }).map(({ key }) => key);

test("an open arm gets its next seed, with the `full` that it is paired with", () => {
  expect(keys({})).toEqual(["sft: full, seed 4", "sft: frozen a, seed 4", "aa: full, seed 4"]);
  expect(keys({ open: [open("a", "frozen"), open("b", "random")], floorSeeds: 3 })).toEqual([
    "sft: full, seed 4",
    "sft: frozen a, seed 4",
    "sft: random b, seed 4",
  ]);
});

test("an arm that lags behind takes the seeds whose `full` is there", () => {
  const without = done.filter(({ key }) => key !== "sft: random b, seed 2");
  expect(keys({ trials: without, open: [open("b", "random")] })).toEqual(["sft: random b, seed 2"]);
});

test("few open arms get several seeds, so that all jobs have work", () => {
  const specs = keys({ jobs: 3, floorSeeds: 0 });
  expect(specs.filter((key) => key.includes("frozen a"))).toEqual(
    [4, 5, 6].map((seed) => `sft: frozen a, seed ${seed}`),
  );
  expect(specs.filter((key) => key.startsWith("sft: full"))).toHaveLength(3);
});

test("no seed is added beyond the last look", () => {
  expect(keys({ most: 3 })).toEqual([]);
});
