import { expect, test } from "vitest";
import { parseArm } from "../crystal/arm.js";
import type { TrialRecord } from "../records/trial-record.js";
import { matrixTestSpecs, sensitivitySpecs } from "../study/matrix-test.js";
import { rateSensitivity } from "./rate-sensitivity.js";
import { judge } from "./verdict.js";

const matrixTest = {
  targets: [["a"]],
  arms: ["frozen", "crystal", "random"].map(parseArm),
  steps: 5,
  learningRate: 0.1,
};
const seeds = [1, 2, 3, 4, 5];
const specs = [...matrixTestSpecs(matrixTest, seeds), ...sensitivitySpecs(matrixTest, 0.2, seeds)];

/** At twice the rate freezing costs 10%; at the test's own nothing does. */
const trials: TrialRecord[] = specs.map((spec) => {
  const cost = spec.arm === "frozen" && spec.purpose === "sensitivity" ? 0.2 : 0;
  const loss = 2 + spec.seed / 100 + cost + (spec.arm === "full" ? 0 : 1e-4 * Math.cos(spec.seed));
  return {
    ...{ schema: "deadweight/trial@1", version: "0", ...spec, trainableParameters: 1, wallSeconds: 1 },
    outcome: {
      ...{ kind: "finished", heldOutLossBefore: 3, heldOutLossAfter: loss, trainLossFirst: 3, trainLossLast: loss },
      ...{ curve: [[0, 3]], heldOutLossPerExample: [loss], frozenSha256: { a: ["x", "x"] } },
    },
  };
});

test("verdicts at another rate stand beside the test's own, and do not enter them", () => {
  expect(judge(trials, {}).matrices.map(({ verdict }) => verdict)).toEqual(["redundant"]);
  const [twice] = rateSensitivity(trials, {});
  expect(twice.learningRate).toBe(0.2);
  expect(twice.matrices[0].verdict).toBe("needed");
  expect(twice.matrices[0].arms.frozen).toBeCloseTo(10, 0);
});

test("their keys name the rate", () => {
  const keys = specs.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toContain("sensitivity: full at 0.2, seed 1");
});
