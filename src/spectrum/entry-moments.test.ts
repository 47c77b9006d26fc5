import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allKernels } from "../../test/dense-kernels.js";
import {
  entryMoments as anyMoments,
  joinedMoments,
  kurtosis,
  noMoments,
  rootSumOfSquares,
  standardDeviation,
} from "./entry-moments.js";

/** Two passes over all values, the definition. */
function direct(values: Float64Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const moment = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0);
  return { mean, m2: moment(2), m3: moment(3), m4: moment(4) };
}

describe.each(allKernels)("entryMoments with $name", ({ kernels }) => {
  const entryMoments = (values: Float32Array | Float64Array) => anyMoments(values, kernels);

  it("are the definition's, joined in any pieces", () => {
    const value = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), fc.nat(60), (list, cut) => {
        const values = Float64Array.from(list);
        const found = joinedMoments(entryMoments(values.slice(0, cut)), entryMoments(values.slice(cut)));
        const expected = direct(values);
        expect(found.count).toBe(values.length);
        for (const key of ["mean", "m2", "m3", "m4"] as const) {
          expect(Math.abs(found[key] - expected[key])).toBeLessThan(1e-9 * Math.max(1, expected.m4));
        }
      }),
    );
  });

  it("know a constant, far from zero, in pieces longer than one pass", () => {
    const constant = entryMoments(new Float32Array(200_000).fill(7777.7));
    expect(standardDeviation(constant)).toBe(0);
    expect(kurtosis(constant)).toBeNull();
    expect(rootSumOfSquares(constant)).toBeCloseTo(Math.fround(7777.7) * Math.sqrt(200_000), 3);
  });

  it("give 1 for a fair coin and 1.8 for a uniform distribution", () => {
    expect(kurtosis(entryMoments(Float32Array.of(-1, 1, -1, 1)))).toBe(1);
    expect(kurtosis(entryMoments(Float64Array.from({ length: 10_001 }, (_, i) => i)))).toBeCloseTo(1.8, 6);
  });

  it("count what is not finite", () => {
    const w = new Float32Array(100_000).fill(1);
    w[5] = Number.NaN;
    w[99_999] = Number.POSITIVE_INFINITY;
    expect(entryMoments(w)).toMatchObject({ broken: 2, count: 100_000 });
    // Finite entries whose sum overflows are not broken.
    expect(entryMoments(new Float64Array(3).fill(1e308)).broken).toBe(0);
    expect(joinedMoments(noMoments, entryMoments(w)).broken).toBe(2);
  });
});
