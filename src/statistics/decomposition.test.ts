import { describe, expect, test } from "vitest";
import { type SampleTrial, sampleTrial } from "../../test/sample-trials.js";
import { randomStream } from "../foundation/random.js";
import type { TrialRecord } from "../records/trial-record.js";
import { momentsOf } from "./paired-difference.js";
import { judge } from "./verdict.js";

/** A trial with its held-out loss over the steps 0, 10, ... and over examples. */
function trialOf(trial: SampleTrial, losses: readonly number[], perExample: readonly number[] = []): TrialRecord {
  const sample = sampleTrial({ ...trial, before: losses[0], loss: losses[losses.length - 1] });
  if (sample.outcome.kind !== "finished") return sample;
  const curve = losses.map((loss, i): [number, number] => [10 * i, loss]);
  return { ...sample, outcome: { ...sample.outcome, curve, heldOutLossPerExample: [...perExample] } };
}

const seeds = [0, 1, 2];
const wiggle = [0.001, -0.001, 0];
const full = [4, 3, 2.5, 2];
const trials = seeds.flatMap((seed) => {
  const shifted = (losses: readonly number[]) => losses.map((loss) => loss + wiggle[seed]);
  return [
    trialOf({ arm: "full", seed, loss: 0 }, full),
    trialOf({ arm: "full", seed, loss: 0, purpose: "aa" }, shifted(full)),
    trialOf({ arm: "frozen", seed, loss: 0 }, shifted([4, 3, 2.5, 2.01])),
    // Damage 1, then 0.8, 0.3 and 0.1: half of it at step 10 + 10 (0.8 - 0.5) / (0.8 - 0.3).
    trialOf({ arm: "random", seed, loss: 0 }, [5, 3.8, 2.8, 2.1]),
    trialOf({ arm: "random:trainable", seed, loss: 0 }, [5, 3.5, 2.6, 2.04]),
    trialOf({ arm: "zero", seed, loss: 0 }, [6, 5.5, 4.6, 4.2]),
  ];
});

describe("figures beside the verdict", () => {
  const { frozen, random, zero } = judge(trials, { details: true }).matrices[0].arms;

  test("nats per token, with the t interval", () => {
    expect(frozen.meanDeltaNats).toBeCloseTo(0.01, 12);
    // t(0.975, 2) = 4.30265, deviation 0.001.
    expect(frozen.highNats).toBeCloseTo(0.01 + (4.30265273 * 0.001) / Math.sqrt(3), 10);
    expect(frozen.lowNats).toBeCloseTo(0.01 - (4.30265273 * 0.001) / Math.sqrt(3), 10);
  });
  test("steps to recover half of the damage", () => {
    expect(random.stepsToRecoverHalf).toBeCloseTo(16, 10);
    expect(zero.stepsToRecoverHalf).toBeNull();
    expect(frozen.stepsToRecoverHalf).toBeNull();
  });
  test("cost of not training: against full, or against the trainable twin", () => {
    expect(frozen.costOfNotTraining).toBeCloseTo(0.01, 12);
    expect(random.costOfNotTraining).toBeCloseTo(0.06, 12);
    expect(zero.costOfNotTraining).toBeUndefined();
  });
  test("only where they are asked for, and without a diverged seed", () => {
    expect(judge(trials).matrices[0].arms.frozen).not.toHaveProperty("meanDeltaNats");
    const lost = trials.map((trial) =>
      trial.arm === "random" && trial.seed === 1
        ? { ...trial, outcome: { kind: "diverged", step: 3 } as const }
        : trial,
    );
    expect(judge(lost, { details: true }).matrices[0].arms.random).toMatchObject({
      meanDeltaNats: null,
      stepsToRecoverHalf: null,
      costOfNotTraining: null,
    });
  });
});

describe("the bootstrap over examples", () => {
  const count = 200;
  const chance = randomStream(5, "losses of examples");
  const base = Array.from({ length: count }, () => 2 + 0.5 * chance.normal());
  const excess = base.map(() => 0.01 + 0.05 * chance.normal());
  const pair = (arm: string, perExample: readonly number[]) =>
    seeds.map((seed) => trialOf({ arm, seed, loss: 0 }, [4, 2], perExample));
  const bootstrapOf = (own: readonly number[]) =>
    judge([...pair("full", base), ...pair("frozen", own)], { details: true }).matrices[0].arms.frozen.bootstrap;

  test("is that of a ratio of means: close to the normal interval of the linearised statistic", () => {
    const own = base.map((loss, i) => loss + excess[i]);
    const mean = momentsOf(base).mean;
    const delta = momentsOf(excess).mean / mean;
    // d(own/full) = (excess - delta full) / mean(full) for each example.
    const influence = momentsOf(base.map((loss, i) => (excess[i] - delta * loss) / mean));
    const half = (100 * 1.959964 * influence.deviation) / Math.sqrt(count);
    const { low, high } = bootstrapOf(own)!;
    expect(Math.abs(low - (100 * delta - half))).toBeLessThan(0.1 * half);
    expect(Math.abs(high - (100 * delta + half))).toBeLessThan(0.1 * half);
  });
  test("examples that are all equally worse leave no doubt", () => {
    const { low, high } = bootstrapOf(base.map((loss) => 1.01 * loss))!;
    expect(low).toBeCloseTo(1, 10);
    expect(high).toBeCloseTo(1, 10);
  });
  test("does not exist for one example or unequal numbers", () => {
    expect(bootstrapOf(base.slice(1))).toBeUndefined();
    const single = [...pair("full", [2]), ...pair("frozen", [2])];
    expect(judge(single, { details: true }).matrices[0].arms.frozen.bootstrap).toBeUndefined();
  });
});
