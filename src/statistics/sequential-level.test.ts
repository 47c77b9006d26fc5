import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../foundation/errors.js";
import { passingProbability } from "./first-passage.js";
import { defaultRatios, nominalLevel, overallLevel, ratiosOf } from "./sequential-level.js";

/** first, last, nominal, probability, standard error */
type Simulated = readonly [number, number, number, number, number];
const simulated = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/looks.json", import.meta.url), "utf8"),
) as readonly Simulated[];

const standard = { first: 3, last: 20 };

describe("the probability of ever passing", () => {
  test.each(simulated)("looks %d..%d at %f, against a simulation in NumPy", (first, last, nominal, share, error) => {
    const probability = passingProbability(nominal, { first, last });
    expect(Math.abs(probability - share)).toBeLessThan(4 * error);
  });

  test("hardly changes with a finer grid", () => {
    for (const nominal of [0.3, 0.025, 1e-3, 1e-5]) {
      const finer = passingProbability(nominal, standard, 2);
      expect(Math.abs(passingProbability(nominal, standard) / finer - 1)).toBeLessThan(2e-3);
    }
  });

  test("one look is the plain t test", () => {
    expect(passingProbability(0.025, { first: 5, last: 5 })).toBe(0.025);
    expect(overallLevel(0.025, { first: 5, last: 5 })).toBe(0.025);
    expect(nominalLevel(0.025, { first: 5, last: 5 })).toBe(0.025);
  });
});

describe("overall and nominal levels", () => {
  test("the committed ratios of the default looks are those that are computed", () => {
    const computed = ratiosOf(standard);
    for (const [i, ratio] of defaultRatios.entries()) expect(ratio).toBeCloseTo(computed[i], 6);
  });

  test("are inverse to each other, and the interpolation is on the safe side", () => {
    for (const overall of [0.3, 0.05, 0.025, 0.0125, 0.025 / 50, 1e-5, 1e-6]) {
      const nominal = nominalLevel(overall, standard);
      expect(overallLevel(nominal, standard) / overall).toBeCloseTo(1, 9);
      expect(nominal).toBeLessThan(overall);
      expect(nominal).toBeGreaterThan(overall / 18);
      if (overall > 1e-5) {
        const exact = passingProbability(nominal, standard, 2);
        expect(exact).toBeLessThan(overall);
        expect(exact).toBeGreaterThan(0.98 * overall);
      }
    }
  });

  test("beyond the computed levels is the union bound, and no level exceeds 1", () => {
    expect(nominalLevel(1e-9, standard)).toBeCloseTo(1e-9 / 18, 20);
    expect(overallLevel(1e-10, standard)).toBeCloseTo(18e-10, 18);
    expect(overallLevel(0, standard)).toBe(0);
    expect(overallLevel(0.7, standard)).toBe(1);
    expect(nominalLevel(0.9, standard)).toBe(0.5);
  });

  test("never fall as the other rises", () => {
    const levels = Array.from({ length: 200 }, (_, i) => 10 ** (-10 + i / 20));
    for (let i = 1; i < levels.length; i++) {
      expect(overallLevel(levels[i], standard)).toBeGreaterThanOrEqual(overallLevel(levels[i - 1], standard));
      expect(nominalLevel(levels[i], standard)).toBeGreaterThanOrEqual(nominalLevel(levels[i - 1], standard));
    }
  });

  test.each([
    [1, 5],
    [3, 2],
    [2.5, 4],
  ])("looks from %d to %d are refused", (first, last) => {
    expect(() => overallLevel(0.01, { first, last })).toThrow(ShapeError);
    expect(() => nominalLevel(0.01, { first, last })).toThrow(ShapeError);
  });
});
