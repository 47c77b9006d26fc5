import { expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import type { TrialRecord } from "../records/trial-record.js";
import { deltaInterval, interactionDeltas, jointDeltas } from "./joint-delta.js";

function trial(arm: string, seed: number, loss: number | "diverged" | "failed", steps = 50): TrialRecord {
  const finished = {
    ...{ kind: "finished" as const, heldOutLossBefore: 3, trainLossFirst: 3, trainLossLast: 2 },
    ...{ curve: [], heldOutLossPerExample: [], frozenSha256: {} },
  };
  return {
    ...{ schema: "deadweight/trial@1", version: "0.1.0", key: `${arm} ${seed}`, matrices: [], arm, seed },
    ...{ purpose: "joint", steps, learningRate: 1e-3, trainableParameters: 1, wallSeconds: 1 },
    outcome:
      loss === "diverged"
        ? { kind: "diverged", step: 3 }
        : loss === "failed"
          ? { kind: "failed", reason: "memory" }
          : { ...finished, heldOutLossAfter: loss },
  };
}

const full = [trial("full", 1, 2), trial("full", 2, 4), trial("full", 3, 5), trial("full", 4, "diverged")];

test("deltas are paired by seed; what diverged is infinitely worse, what failed or has no pair is none", () => {
  const own = [trial("random", 3, "diverged"), trial("random", 1, 2.02), trial("random", 2, 3.96)];
  const further = [trial("random", 4, 3), trial("random", 5, 3)];
  expect(jointDeltas([...own, ...further], full)).toEqual([
    [1, expect.closeTo(1, 12)],
    [2, expect.closeTo(-1, 12)],
    [3, Number.POSITIVE_INFINITY],
  ]);
  expect(jointDeltas([trial("random", 1, "failed")], full)).toEqual([]);
});

test("trials of other settings are not compared", () => {
  expect(() => jointDeltas([trial("random", 1, 2, 100)], full)).toThrow(InputError);
});

test("the interval is Student's", () => {
  // SciPy 1.16: stats.t.interval(0.8, 2, loc=0.2, scale=stats.sem([0.1, 0.2, 0.3]))
  const deltas = [0.1, 0.2, 0.3].map((value, index) => [index + 1, value] as const);
  const found = deltaInterval(deltas, { margin: 0.5, confidence: 0.8 });
  expect(found.low).toBeCloseTo(0.0911, 4);
  expect(found.high).toBeCloseTo(0.3089, 4);
  expect(found.holds).toBe(true);
  const worse = deltaInterval([[1, Number.POSITIVE_INFINITY], ...deltas.slice(1)], { margin: 0.5, confidence: 0.8 });
  expect(worse).toMatchObject({ holds: false, mean: Number.POSITIVE_INFINITY });
});

test("looks at a confirmation stop at the first that decides", () => {
  const deltas = [0.01, 0.02, 0.03, 9, -9].map((value, index) => [index + 1001, value] as const);
  const looks = { first: 3, last: 12 };
  expect(deltaInterval(deltas, { margin: 0.5, confidence: 0.95, looks })).toMatchObject({ decidedAt: 3, holds: true });
  expect(deltaInterval(deltas.slice(0, 2), { margin: 0.5, confidence: 0.95, looks }).holds).toBe(false);
});

test("the interaction is what remains beside the single deltas, on the seeds that all have", () => {
  const singles = [
    [
      [1, 0.1],
      [2, 0.2],
    ],
    [
      [1, 0.3],
      [3, 0.4],
    ],
  ] as const;
  expect(
    interactionDeltas(
      [
        [1, 1],
        [2, 1],
        [3, 1],
      ],
      singles,
    ),
  ).toEqual([[1, expect.closeTo(0.6, 12)]]);
});
