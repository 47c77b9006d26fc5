/** @file Seconds to a loss on curves whose crossing is known in closed form. */
import { describe, expect, test } from "vitest";
import type { FineTuningRecord } from "../records/sft-record.js";
import { pairedComparison, secondsToLoss } from "./sft-comparison.js";

/** Straight losses from 3 to `last` over 100 steps, evaluated every 10, at `pace` seconds a step. */
function straight(last: number, pace: number): FineTuningRecord {
  const steps = Array.from({ length: 11 }, (_, index) => 10 * index);
  return {
    ...{ seed: 5, trainCurve: [], phases: [], events: [], frozen: [], peakBytes: 0, seconds: 100 * pace },
    heldOutCurve: steps.map((step) => [step, 3 - ((3 - last) * step) / 100]),
    secondsCurve: steps.map((step) => [step, step * pace]),
    ...{ bestStep: 100, bestLoss: last, lastLoss: last },
  };
}

describe("seconds to a loss", () => {
  test("lie on the line between two evaluations", () => {
    // 3 - 0.01 step = 2.37 at step 63.
    expect(secondsToLoss(straight(2, 0.5), 2.37)).toBeCloseTo(31.5, 10);
    expect(secondsToLoss(straight(2, 0.5), 3)).toBe(0);
    expect(secondsToLoss(straight(2, 0.5), 1.99)).toBeNull();
  });
});

describe("a paired comparison", () => {
  test("takes the lowest loss that both reach", () => {
    // The plain run reaches 2.25 at step 100 of 0.4 s; the other, which learns 4/3 as fast, at step 75 of 0.2 s.
    const compared = pairedComparison(straight(2, 0.2), straight(2.25, 0.4));
    expect(compared.seed).toBe(5);
    expect(compared.sharedLoss).toBe(2.25);
    expect(compared.frozenSeconds).toBeCloseTo(15, 10);
    expect(compared.plainSeconds).toBeCloseTo(40, 10);
    expect(compared.speedUp).toBeCloseTo(40 / 15, 10);
    expect(compared.lastDeltaPercent).toBeCloseTo(-100 / 9, 10);
  });

  test("has no speed-up where nothing was learned", () => {
    const worse = { ...straight(4, 1), bestStep: 0, bestLoss: 3 };
    expect(pairedComparison(worse, straight(2, 1)).speedUp).toBeNull();
  });
});
