import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { words } from "../../test/fixtures/linalg/formula-matrix.js";
import { type AmplitudeSpread, amplitudeSpread } from "./amplitude-spread.js";

// Written by make_spectrum.py: NumPy's SVD, scipy.stats.kurtosis.
const { spread: reference } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/spectrum/spectrum.json", import.meta.url), "utf8"),
) as { spread: { rows: number; seed: number; outlier: number } & { [K in keyof AmplitudeSpread]: number } };

const k = 8;

describe("amplitudeSpread", () => {
  it("agrees with NumPy and SciPy", () => {
    const { rows, seed, outlier } = reference;
    const amplitudes = words(rows * k, seed).map(
      (value, i) => (0.3 + value * (1 + (i % k))) * (Math.floor(i / k) === outlier ? 20 : 1),
    );
    const found = amplitudeSpread(amplitudes, rows, k);
    for (const key of ["pr", "prUncentred", "pc1", "kurtosis", "prWithoutLargestRow"] as const) {
      expect(Math.abs(found[key]! / reference[key] - 1)).toBeLessThan(1e-10);
    }
  });

  it("shows what one row that ran off does: PR 1, kurtosis about the number of rows, and the PR without it", () => {
    const rows = 256;
    const amplitudes = words(rows * k, 5);
    // Amplitudes that cancel, as of coinciding Gaussians.
    for (let i = 0; i < k; i++) amplitudes[100 * k + i] = i % 2 ? -1e4 : 1e4;
    const found = amplitudeSpread(amplitudes, rows, k);
    expect(found.pr).toBeCloseTo(1, 5);
    expect(found.pc1).toBeCloseTo(1, 5);
    expect(found.kurtosis).toBeCloseTo(rows, 2);
    expect(found.prWithoutLargestRow).toBeGreaterThan(7);
  });

  it("stays finite for amplitudes whose squares overflow", () => {
    const found = amplitudeSpread(Float64Array.of(1e200, -1e200, 1, 2, 3, 5), 3, 2);
    expect(found.pr).toBeCloseTo(1, 9);
    expect(Object.values(found).every(Number.isFinite)).toBe(true);
  });

  it("is null where the figure would divide by zero", () => {
    const none = { pr: null, prUncentred: null, pc1: null, kurtosis: null, prWithoutLargestRow: null };
    expect(amplitudeSpread(new Float64Array(6), 3, 2)).toEqual(none);
    // Equal rows: no covariance. 0.1 is not a dyadic fraction: the mean is rounded.
    const equal = amplitudeSpread(Float64Array.of(0.1, 0.7, 0.1, 0.7, 0.1, 0.7), 3, 2);
    expect(equal).toEqual({ ...none, prUncentred: expect.closeTo(1, 9), kurtosis: expect.closeTo(1, 9) });
    expect(amplitudeSpread(Float64Array.of(1, 2), 1, 2).pr).toBeNull();
    expect(amplitudeSpread(Float64Array.of(1, 2, 3, 5), 2, 2).prWithoutLargestRow).toBeNull();
  });
});
