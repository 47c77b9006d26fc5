import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { words } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { measureMatrix } from "./matrix-measures.js";
import { openNoiseNulls } from "./noise-null.js";

// Written by make_spectrum.py: NumPy in float64.
const { matrix: reference } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/spectrum/spectrum.json", import.meta.url), "utf8"),
) as { matrix: Record<"rows" | "cols" | "seed" | keyof typeof measuredFigures, number> };
const measuredFigures = {
  pr: null,
  prSingular: null,
  pc1: null,
  stableRank: null,
  effectiveRank: null,
  frobenius: null,
  entryStd: null,
};

const nulls = openNoiseNulls(0);

function outerProduct(rows: number, cols: number): Float32Array {
  // Small integers: the matrix has rank one exactly.
  return new Float32Array(rows * cols).map((_, i) => ((Math.floor(i / cols) % 7) - 3) * (((i % cols) % 5) + 1));
}

describe("measureMatrix", () => {
  it("agrees with NumPy", () => {
    const { rows, cols, seed } = reference;
    const found = measureMatrix(Float32Array.from(words(rows * cols, seed)), rows, cols, { nulls });
    for (const key of Object.keys(measuredFigures) as (keyof typeof measuredFigures)[]) {
      expect(Math.abs(found[key]! / reference[key] - 1)).toBeLessThan(1e-10);
    }
    expect(found.spikes).toBe(0);
  });

  it("knows the identity: everything is n", () => {
    const n = 16;
    const w = new Float32Array(n * n).map((_, i) => (i % (n + 1) === 0 ? 1 : 0));
    const found = measureMatrix(w, n, n, { nulls, amplitudes: "none" });
    for (const figure of [found.pr, found.prSingular, found.stableRank, found.effectiveRank]) {
      expect(figure).toBeCloseTo(n, 9);
    }
    expect(found.pc1).toBeCloseTo(1 / n, 12);
    expect(found.frobenius).toBeCloseTo(4, 12);
    expect(found.amplitudes).toBeUndefined();
    expect(found.note).toBeUndefined();
  });

  it("knows rank one: everything is 1, one spike over a bulk of scale 0", () => {
    const found = measureMatrix(outerProduct(40, 24), 40, 24, { nulls });
    for (const figure of [found.pr, found.pc1, found.stableRank]) expect(figure).toBeCloseTo(1, 9);
    expect(found.prSingular).toBeCloseTo(1, 5);
    expect(found.effectiveRank).toBeCloseTo(1, 4);
    expect(found).toMatchObject({ edge: 0, spikes: 1, note: expect.stringContaining("noise scale is 0") });
    // Rows are multiples of one row, so are their amplitudes.
    expect(found.amplitudes![0].pr).toBeCloseTo(1, 9);
  });

  it("leaves out with a note what a zero matrix does not have", () => {
    const found = measureMatrix(new Float32Array(30 * 40), 30, 40, { nulls, amplitudes: "both" });
    expect(found).toMatchObject({
      pr: null,
      prSingular: null,
      pc1: null,
      stableRank: null,
      effectiveRank: null,
      edge: 0,
      spikes: 0,
      frobenius: 0,
      entryStd: 0,
      note: "all entries are zero",
    });
    expect(found.amplitudes!.map(({ fit, pr, rSquared }) => [fit, pr, rSquared])).toEqual([
      ["projection", null, null],
      ["nonlinear", null, null],
    ]);
    expect(found.prNull).toBeGreaterThan(10);
  });

  it("leaves out everything that NaN and infinite entries spoil, and counts them", () => {
    const w = new Float32Array(9 * 9).fill(1);
    w[3] = Number.NaN;
    w[70] = Number.NEGATIVE_INFINITY;
    const found = measureMatrix(w, 9, 9, { nulls });
    expect(found.note).toBe("2 of 81 entries are NaN or infinite");
    expect(found).toMatchObject(measuredFigures);
    expect(found).toMatchObject({ edge: null, spikes: null, prNull: expect.any(Number) });
    expect(found.amplitudes).toMatchObject([{ fit: "projection", pr: null, kurtosis: null, prNull: null }]);
  });

  it("treats a constant, a row and a column", () => {
    const constant = measureMatrix(new Float32Array(12 * 20).fill(-0.37), 12, 20, { nulls });
    expect(constant).toMatchObject({ pr: expect.closeTo(1, 9), entryStd: expect.closeTo(0, 12), spikes: 1 });
    for (const [rows, cols] of [
      [1, 30],
      [30, 1],
    ]) {
      const found = measureMatrix(Float32Array.from(words(30, 3)), rows, cols, { nulls });
      expect(found).toMatchObject({ pr: 1, pc1: 1, edge: null, spikes: null });
      expect(found.note).toContain("a single row or column has no noise bulk");
    }
  });

  it("says which fit the columns cannot determine", () => {
    const found = measureMatrix(Float32Array.from(words(10 * 12, 3)), 10, 12, { nulls, amplitudes: "both" });
    expect(found.note).toBe("nonlinear fit: 12 columns cannot determine 8 Gaussians");
    expect(found.amplitudes!.map(({ pr }) => pr === null)).toEqual([false, true]);
  });

  it("shows on noise what the paper took for one dimension: nonlinear PR far below the projection's null, R^2 near 0", () => {
    const w = new Float32Array(64 * 64);
    randomStream(1, "noise").fillNormal(w, 0.02);
    const { amplitudes, note } = measureMatrix(w, 64, 64, { nulls, amplitudes: "both" });
    const [projection, nonlinear] = amplitudes!;
    expect(Math.abs(projection.pr! / projection.prNull! - 1)).toBeLessThan(0.25);
    expect(projection.kurtosis).toBeLessThan(5);
    expect(nonlinear.kurtosis).toBeGreaterThan(20);
    expect(nonlinear.rSquared).toBeGreaterThan(projection.rSquared!);
    expect(nonlinear.rSquared).toBeLessThan(0.5);
    expect(note).toMatch(/nonlinear fit: \d+ of 64 rows had not converged after 200 iterations/);
  });

  it("refuses a wrong length", () => {
    expect(() => measureMatrix(new Float32Array(5), 2, 3, { nulls })).toThrow(ShapeError);
  });
});
