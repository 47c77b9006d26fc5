import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sampleMatrix, sampleTrial } from "../../test/sample-trials.js";
import { deltasPercent, estimateMean, momentsOf, pairUp, pBelow } from "./paired-difference.js";

interface Sample {
  readonly values: readonly number[];
  readonly mean: number;
  readonly deviation: number;
  readonly pBelowHalf: number;
  readonly interval95: readonly [number, number];
  readonly interval999: readonly [number, number];
}
const { samples } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/statistics.json", import.meta.url), "utf8"),
) as { samples: Sample[] };

const which = { arm: "frozen", matrices: [sampleMatrix] };

describe("one-sample t, against SciPy", () => {
  test.each(samples.map((sample) => [sample.values.length, sample] as const))("%d values", (n, sample) => {
    const { values, mean, deviation, pBelowHalf, interval95, interval999 } = sample;
    expect(momentsOf(values).mean).toBeCloseTo(mean, 12);
    expect(momentsOf(values).deviation).toBeCloseTo(deviation, 12);
    for (const [confidence, [low, high]] of [
      [0.95, interval95],
      [0.999, interval999],
    ] as const) {
      const estimate = estimateMean(values, confidence);
      expect(estimate.n).toBe(n);
      expect(estimate.low! / low).toBeCloseTo(1, 10);
      expect(estimate.high! / high).toBeCloseTo(1, 10);
    }
    expect(pBelow(values, 0.5)! / pBelowHalf).toBeCloseTo(1, 9);
  });

  test("one value has a mean and no interval, none has neither", () => {
    expect(estimateMean([1.5], 0.95)).toEqual({ mean: 1.5, low: null, high: null, n: 1 });
    expect(estimateMean([], 0.95)).toEqual({ mean: null, low: null, high: null, n: 0 });
    expect(pBelow([1.5], 2)).toBeNull();
  });
});

describe("pairs", () => {
  test("are of one seed and one purpose, in percent of full", () => {
    const trials = [
      sampleTrial({ arm: "full", seed: 2, loss: 2, before: 4 }),
      sampleTrial({ arm: "full", seed: 1, loss: 4, before: 5 }),
      sampleTrial({ arm: "full", seed: 1, loss: 9, purpose: "aa" }),
      sampleTrial({ arm: "frozen", seed: 2, loss: 2.02, before: 4 }),
      sampleTrial({ arm: "frozen", seed: 1, loss: 3.9, before: 5.1 }),
      sampleTrial({ arm: "frozen", seed: 3, loss: 1 }),
      sampleTrial({ arm: "frozen", seed: 1, loss: 1, matrices: ["h.0.attn.c_proj"] }),
    ];
    const { pairs, diverged } = pairUp(trials, which);
    expect(pairs.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(diverged).toEqual([]);
    const [first, second] = deltasPercent(pairs, "after");
    expect(first).toBeCloseTo(-2.5, 10);
    expect(second).toBeCloseTo(1, 10);
    expect(deltasPercent(pairs, "before")[0]).toBeCloseTo(2, 10);
  });

  test("are not made of failed trials; a diverged arm is named, a diverged full is no reference", () => {
    const diverged = { kind: "diverged", step: 3 } as const;
    const trials = [
      sampleTrial({ arm: "full", seed: 1, loss: 2 }),
      sampleTrial({ arm: "full", seed: 2, loss: 2 }),
      sampleTrial({ arm: "full", seed: 3, loss: 2, outcome: diverged }),
      sampleTrial({ arm: "frozen", seed: 1, loss: 2, outcome: diverged }),
      sampleTrial({ arm: "frozen", seed: 2, loss: 2, outcome: { kind: "failed", reason: "killed" } }),
      sampleTrial({ arm: "frozen", seed: 3, loss: 2, outcome: diverged }),
    ];
    expect(pairUp(trials, which)).toEqual({ pairs: [], diverged: [1] });
  });
});
