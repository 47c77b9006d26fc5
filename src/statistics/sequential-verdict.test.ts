import { describe, expect, test } from "vitest";
import { sampleTrial, sampleTrials } from "../../test/sample-trials.js";
import { UsageError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { verdictsRecord } from "../records/verdicts-record.js";
import { estimateMean } from "./paired-difference.js";
import { nominalLevel, overallLevel } from "./sequential-level.js";
import { studentTail } from "./student-t.js";
import { judge } from "./verdict.js";

const looks = { first: 3, last: 20 };
const matrixOf = (deltas: Readonly<Record<string, readonly number[]>>, options = {}) =>
  judge(sampleTrials(deltas), { looks, ...options }).matrices[0];
const spread = [-1, 1, 0, 0.5, -0.5, 0.8, -0.8, 0.2];
const around = (mean: number, scale: number) => spread.map((x) => mean + scale * x);
const diverged = { kind: "diverged", step: 4 } as const;

describe("judged after every seed", () => {
  test("the interval is the one of the first look that decides, and what comes later does not undo it", () => {
    const values = around(0, 0.1);
    const { frozen } = matrixOf({ frozen: [...values, 9, 9, 9] }).arms;
    const at = frozen.decidedAt!;
    const tail = nominalLevel(0.025, looks);
    const first = values.slice(0, at);
    const estimate = estimateMean(first, 1 - 2 * tail);
    expect(estimate.high).toBeLessThan(0.5);
    expect(estimateMean(values.slice(0, at - 1), 1 - 2 * tail).high).toBeGreaterThan(0.5);
    expect(frozen).toMatchObject({ holds: true, n: at });
    expect(frozen.low).toBeCloseTo(estimate.low!, 9);
    expect(frozen.high).toBeCloseTo(estimate.high!, 9);
    expect(frozen.meanDeltaPercent).toBeCloseTo(estimate.mean!, 9);
  });

  test("an arm that is still open shows the newest look and the seeds expected", () => {
    const judged = matrixOf({ frozen: around(0.3, 0.25) });
    const tail = nominalLevel(0.025, looks);
    const values = around(0.3, 0.25);
    expect(judged.verdict).toBe("undecided");
    expect(judged.arms.frozen.decidedAt).toBeUndefined();
    expect(judged.arms.frozen.high).toBeCloseTo(estimateMean(values, 1 - 2 * tail).high!, 9);
    expect(judged.seedsToDecide).toBeNull();
    const whole = matrixOf({ frozen: around(0.3, 0.25), crystal: around(0, 0.01), random: around(0, 0.01) });
    expect(whole.seedsToDecide).toBeGreaterThan(8);
    expect(whole.seedsToDecide).toBeLessThan(20);
  });

  test("before the first look nothing is known; one look is the ordinary test", () => {
    const values = around(0, 0.01);
    const early = matrixOf({ frozen: values.slice(0, 2) }).arms.frozen;
    expect(early).toMatchObject({ low: null, high: null, n: 2, holds: false, pNoninferior: null });
    expect(early.meanDeltaPercent).toBeCloseTo(0, 9);
    const once = matrixOf({ frozen: values }, { looks: { first: 8, last: 8 } }).arms.frozen;
    const plain = judge(sampleTrials({ frozen: values })).matrices[0].arms.frozen;
    expect(once.high).toBeCloseTo(plain.high!, 12);
    expect(once.pNoninferior! / plain.pNoninferior!).toBeCloseTo(1, 12);
  });

  test("the p value is the overall level of the smallest over the looks", () => {
    const values = [0.1, 0.12, 0.11, 0.9, 0.8];
    const { frozen } = matrixOf({ frozen: values }).arms;
    // Three values: mean 0.11, deviation 0.01, t = 0.39 sqrt(3) / 0.01.
    expect(frozen.pNoninferior! / overallLevel(studentTail(39 * Math.sqrt(3), 2), looks)).toBeCloseTo(1, 6);
  });

  test("seeds after the decision change no figure of the arm, its p value neither", () => {
    const values = around(0, 0.1);
    const decided = matrixOf({ frozen: values }).arms.frozen;
    const more = matrixOf({ frozen: [...values, 0, 0.01, -0.01, 0, 0] }).arms.frozen;
    expect(more.decidedAt).toBeLessThan(values.length);
    expect(more).toEqual(decided);
  });

  test("seeds beyond the last look do not count", () => {
    const values = Array.from({ length: 12 }, (_, i) => 0.5 + 0.1 * (-1) ** i);
    const last5 = matrixOf({ frozen: values }, { looks: { first: 3, last: 5 } });
    expect(last5.arms.frozen.n).toBe(5);
    expect(judge(sampleTrials({ frozen: values }), { looks: { first: 3, last: 5 } }).warnings.join()).toMatch(
      /more seeds than the 5/,
    );
    expect(judge(sampleTrials({ frozen: [0, 0] }), { looks }).warnings.join()).toMatch(/first look comes after 3/);
    expect(last5).toEqual(matrixOf({ frozen: values.slice(0, 5) }, { looks: { first: 3, last: 5 } }));
  });

  test("a trial that overtook an earlier seed waits for it; a failed one is not waited for", () => {
    const trials = sampleTrials({ frozen: around(0, 0.1) });
    const without = (seed: number) => trials.filter((trial) => trial.arm === "full" || trial.seed !== seed);
    expect(judge(without(4), { looks }).matrices[0].arms.frozen.n).toBe(
      judge(
        trials.filter(({ seed }) => seed < 4),
        { looks },
      ).matrices[0].arms.frozen.n,
    );
    expect(judge(without(0), { looks: { first: 7, last: 20 } }).matrices[0].arms.frozen.n).toBe(7);
    const failed = trials.map((trial) =>
      trial.arm === "frozen" && trial.seed === 2
        ? { ...trial, outcome: { kind: "failed", reason: "x" } as const }
        : trial,
    );
    expect(judge(failed, { looks: { first: 7, last: 20 } }).matrices[0].arms.frozen.n).toBe(7);
    const lacksFull = trials.filter(({ arm, seed }) => arm !== "full" || seed !== 5);
    expect(judge(lacksFull, { looks: { first: 5, last: 20 } }).matrices[0].arms.frozen.n).toBe(5);
  });

  test("diverged seeds count at the look where they come", () => {
    const trials = (lost: number, n: number) =>
      Array.from({ length: n }, (_, seed) => [
        sampleTrial({ arm: "full", seed, loss: 2 }),
        sampleTrial({ arm: "frozen", seed, loss: 2, ...(seed < lost ? { outcome: diverged } : {}) }),
      ]).flat();
    const all = judge(trials(3, 5), { looks }).matrices[0];
    expect(all).toMatchObject({ verdict: "needed", arms: { frozen: { decidedAt: 3, n: 3, diverged: 3 } } });
    expect(judge(trials(1, 5), { looks }).matrices[0]).toMatchObject({ verdict: "undecided" });
  });

  test("the record says so, also through JSON", () => {
    const record = judge(sampleTrials({ frozen: around(0, 0.1), crystal: around(0.4, 1) }), { looks, details: true });
    expect(record.sequential).toEqual({ firstLook: 3, lastLook: 20 });
    expect(verdictsRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(judge(sampleTrials({ frozen: around(0, 0.1) })).sequential).toBeUndefined();
  });

  test.each([
    [1, 20],
    [5, 4],
    [3, 4.5],
  ])("looks from %d to %d are refused", (first, last) => {
    expect(() => judge([], { looks: { first, last } })).toThrow(UsageError);
  });
});

describe("error rates when looked at after every seed", () => {
  const runs = 3000;

  test("an arm at the margin is claimed no more often than allowed, and not much less", () => {
    const chance = randomStream(21, "sequential claims");
    let wrong = 0;
    for (let run = 0; run < runs; run++) {
      const values = Array.from({ length: 20 }, () => 0.5 + 0.3 * chance.normal());
      const { holds, shownWorse } = matrixOf({ frozen: values }).arms.frozen;
      if (holds || shownWorse) wrong++;
    }
    const error = Math.sqrt((0.05 * 0.95) / runs);
    expect(wrong / runs).toBeLessThan(0.05 + 3 * error);
    expect(wrong / runs).toBeGreaterThan(0.05 - 4 * error);
  });

  test("over four matrices that share full, none at the margin is claimed more often than allowed", () => {
    const chance = randomStream(22, "sequential families");
    const families = 600;
    let wrong = 0;
    for (let run = 0; run < families; run++) {
      const common = Array.from({ length: 12 }, () => 0.2 * chance.normal());
      const draw = (mean: number) => common.map((x) => mean + x + 0.2 * chance.normal());
      const trials = ["a", "b", "c", "d"].flatMap((name, i) => sampleTrials({ frozen: draw(i === 0 ? 4 : 0.5) }, name));
      const { matrices } = judge(trials, { looks: { first: 3, last: 12 } });
      if (matrices.some(({ name, arms }) => name !== "a" && (arms.frozen.holds || arms.frozen.shownWorse))) wrong++;
    }
    expect(wrong / families).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / families));
  });
});
