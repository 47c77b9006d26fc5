import { expect, test } from "vitest";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import { sampleTrial } from "../../test/sample-trials.js";
import type { TrialRecord } from "../records/trial-record.js";
import { rejudged } from "./rejudged.js";
import { judge } from "./verdict.js";

const names = ["a", "b"];
const arms = ["frozen", "crystal", "random"];
const noise = [0, 0.03, -0.03, 0.01, -0.01];

/** Costs 0.4% of everything, at the test's rate; twice that at twice the rate. General text as the loss. */
function trialsAt(purpose: "sft" | "sensitivity", cost: number, matrices: readonly string[]): TrialRecord[] {
  return noise.flatMap((x, seed) =>
    [["full", []] as const, ...matrices.flatMap((name) => arms.map((arm) => [arm, [name]] as const))].map(
      ([arm, treated]) => {
        const loss = arm === "full" ? 2 : 2 * (1 + (cost + x) / 100);
        const trial = sampleTrial({ arm, seed, loss, purpose, matrices: treated });
        if (trial.outcome.kind === "finished") trial.outcome.generalLossAfter = loss;
        return { ...trial, key: `${trial.key} at ${cost}`, learningRate: purpose === "sft" ? 1e-3 : 2e-3 };
      },
    ),
  );
}

const trials = [...trialsAt("sft", 0.4, [...names, "elsewhere"]), ...trialsAt("sensitivity", 0.8, names)];

function recordAt(margin: number) {
  const record = sampleTestRecord();
  const [target] = record.targets;
  const [arm] = target.arms;
  return {
    ...record,
    verdicts: judge(trials, { margin }),
    targets: names.map((name) => ({
      ...target,
      name,
      matrices: [{ ...target.matrices[0], name }],
      arms: arms.map((own) => ({ ...arm, arm: own })),
    })),
  };
}

test("what depends on margin and confidence is made anew or left out, and the plan is named", () => {
  const page = rejudged(recordAt(0.5), judge(trials, { margin: 1, confidence: 0.8 }), trials);
  expect(page.planned).toEqual({ margin: 0.5, confidence: 0.95 });
  expect(page.prediction).toBeUndefined();
  expect(page.sft.seeds).toEqual([0, 1, 2, 3, 4]);
  expect(page.verdicts.matrices.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["a", "redundant"],
    ["b", "redundant"],
  ]);
  // Judged at 0.5% it would be needed there.
  expect(page.sensitivity!.map(({ matrices }) => matrices.map(({ verdict }) => verdict))).toEqual([
    ["redundant", "redundant"],
  ]);
  const [{ generalDeltaPercent, deltaPercent }] = page.targets[0].arms;
  const half = ({ mean, high }: { mean: number | null; high: number | null }) => high! - mean!;
  // t(0.9, 4) = 1.533, s = sqrt(0.002 / 4); the other is adjusted for two matrices.
  expect(generalDeltaPercent!.mean).toBeCloseTo(0.4, 9);
  expect(half(generalDeltaPercent!)).toBeCloseTo((1.5332063 * Math.sqrt(0.002 / 4)) / Math.sqrt(5), 7);
  expect(half(deltaPercent)).toBeGreaterThan(half(generalDeltaPercent!));
});

test("judged as planned it is the record; without its trials nothing of another question is left", () => {
  const record = recordAt(0.5);
  expect(rejudged(record, record.verdicts, trials).planned).toBeUndefined();
  expect(rejudged(record, record.verdicts, trials).prediction).toEqual(record.prediction);
  expect(rejudged(record, record.verdicts, []).sensitivity).toEqual(record.sensitivity);
  const other = rejudged(record, judge(trials, { margin: 1 }), []);
  expect(other.sensitivity).toBeUndefined();
  expect(other.targets[0].arms[0].deltaPercent.mean).toBeCloseTo(0.4, 9);
});
