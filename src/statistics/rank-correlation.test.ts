import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../foundation/errors.js";
import { rankCorrelation, ranksOf } from "./rank-correlation.js";

interface Sample {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly rho: number;
  readonly p: number;
  /** All orders were tried. */
  readonly exact: boolean;
  readonly interval: readonly [number, number] | null;
}
const { ranks } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/distributions.json", import.meta.url), "utf8"),
) as { ranks: readonly Sample[] };

describe("Spearman's rank correlation, against SciPy", () => {
  test.each(ranks.map((sample) => [sample.x.length, sample] as const))("%d points", (n, sample) => {
    const found = rankCorrelation(sample.x, sample.y);
    expect(found.n).toBe(n);
    expect(found.rho).toBeCloseTo(sample.rho, 12);
    if (sample.exact) expect(found.p).toBeCloseTo(sample.p, 12);
    // Two draws of 10,000: four standard errors of their difference.
    else
      expect(Math.abs(found.p! - sample.p)).toBeLessThan(
        4 * Math.sqrt((2 * sample.p * (1 - sample.p)) / 10_000) + 1e-3,
      );
    if (!sample.interval) return;
    expect(Math.abs(found.low! - sample.interval[0])).toBeLessThan(0.05);
    expect(Math.abs(found.high! - sample.interval[1])).toBeLessThan(0.05);
  });
});

describe("by hand", () => {
  test("equal values share the mean of their ranks", () => {
    expect([...ranksOf([3, 1, 3, 2])]).toEqual([3.5, 1, 3.5, 2]);
  });
  test("of six orders of three two are as extreme as a perfect one", () => {
    expect(rankCorrelation([1, 2, 3], [10, 20, 30])).toEqual({ rho: 1, p: 1 / 3, low: null, high: null, n: 3 });
  });
  test("a constant side has none", () => {
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toEqual({ rho: null, p: null, low: null, high: null, n: 3 });
    expect(rankCorrelation([], []).rho).toBeNull();
  });
  test("the same seed gives the same result, another another", () => {
    const x = Array.from({ length: 12 }, (_, i) => i);
    const y = x.map((i) => (i * 7) % 12);
    expect(rankCorrelation(x, y, { seed: 1 })).toEqual(rankCorrelation(x, y, { seed: 1 }));
    expect(rankCorrelation(x, y, { seed: 1 }).p).not.toBe(rankCorrelation(x, y, { seed: 2 }).p);
  });
  test("what is no pair of lists is refused", () => {
    expect(() => rankCorrelation([1], [1, 2])).toThrow(ShapeError);
    expect(() => rankCorrelation([1, Number.NaN], [1, 2])).toThrow(ShapeError);
  });
});
