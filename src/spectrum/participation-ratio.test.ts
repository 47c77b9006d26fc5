import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entropyRank, firstShare, participationRatio } from "./participation-ratio.js";

const spectrum = fc
  .array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 })
  .map((values) => Float64Array.from(values));

describe("participationRatio", () => {
  it("counts equal values and ignores zeros", () => {
    expect(participationRatio(Float64Array.of(3, 3, 3, 3, 0, 0))).toBe(4);
    expect(participationRatio(Float64Array.of(0, 7, 0))).toBe(1);
    expect(participationRatio(Float64Array.of(2, 1))).toBeCloseTo(9 / 5, 15);
  });

  it("is scale-free at both ends of the range of doubles", () => {
    for (const scale of [1e300, 1e-300]) {
      expect(participationRatio(Float64Array.of(2 * scale, scale))).toBeCloseTo(9 / 5, 12);
    }
  });

  it("lies in [1, n] and never above 1 / p^2, p the first share", () => {
    fc.assert(
      fc.property(spectrum, (values) => {
        const pr = participationRatio(values);
        const p = firstShare(values);
        if (pr === null || p === null) return values.every((value) => value === 0);
        return pr >= 1 - 1e-12 && pr <= values.length + 1e-9 && pr <= (1 / p ** 2) * (1 + 1e-12);
      }),
      { seed: 63 },
    );
  });

  // Rows of the table of paper 63: c_proj's PC1 share and the PR printed beside it.
  it.each([
    ["L0", 0.12, 145.3, 69.5],
    ["L3", 0.217, 75.8, 21.3],
    ["L4", 0.224, 84.5, 20],
    ["L6", 0.296, 86.6, 11.5],
    ["L7", 0.366, 94.9, 7.5],
  ])("cannot be what %s of the paper prints beside a first share of %f", (_, share, printed, bound) => {
    // Of all spectra of 256 values with this first share, equal others have the largest ratio.
    const widest = new Float64Array(256).fill((1 - share) / 255);
    widest[0] = share;
    expect(firstShare(widest)).toBeCloseTo(share, 12);
    expect(participationRatio(widest)!).toBeLessThan(bound);
    expect(printed).toBeGreaterThan(participationRatio(widest)!);
  });

  it("is null for nothing but zeros, as the other two", () => {
    for (const measure of [participationRatio, firstShare, entropyRank]) {
      expect(measure(new Float64Array(3))).toBeNull();
    }
  });
});

describe("entropyRank", () => {
  it("is n for n equal values and exp(H) in between", () => {
    expect(entropyRank(Float64Array.of(5, 5, 5, 0))).toBeCloseTo(3, 12);
    // H(1/2, 1/4, 1/4) = 1.5 ln 2.
    expect(entropyRank(Float64Array.of(2, 1, 1))).toBeCloseTo(2 ** 1.5, 12);
  });
});
