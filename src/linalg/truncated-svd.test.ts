import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type FormulaCase, formulaMatrix } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { type TruncatedSvd, truncatedSvd } from "./truncated-svd.js";

// Written by make_linalg.py: NumPy in float64.
const { cases } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/linalg/linalg.json", import.meta.url), "utf8"),
) as { cases: (FormulaCase & { singular: number[] })[] };

/** Frobenius norm of W - left diag(singular) right. */
function distance(w: Float32Array, rows: number, cols: number, { left, singular, right }: TruncatedSvd): number {
  let squares = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let entry = w[i * cols + j];
      singular.forEach((s, t) => {
        entry -= left[i * singular.length + t] * s * right[t * cols + j];
      });
      squares += entry * entry;
    }
  }
  return Math.sqrt(squares);
}

describe("truncatedSvd", () => {
  it.each(cases)("is as close as Eckart and Young allow, at every kind of rank: $kind $rows x $cols", (reference) => {
    const { rows, cols, singular } = reference;
    const w = formulaMatrix(reference);
    const n = singular.length;
    for (const rank of new Set([1, Math.ceil(n / 3), n])) {
      const svd = truncatedSvd(w, rows, cols, rank);
      const best = Math.sqrt(singular.slice(rank).reduce((sum, value) => sum + value * value, 0));
      expect(distance(w, rows, cols, svd)).toBeLessThanOrEqual(best * (1 + 1e-12) + 1e-8 * singular[0]);
      svd.singular.forEach((value, t) => {
        const tolerance = singular[t] > 1e-6 * singular[0] ? 1e-13 : 1e-8;
        expect(Math.abs(value - singular[t])).toBeLessThanOrEqual(tolerance * singular[0]);
      });
    }
  });

  it("has orthonormal factors, also where singular values differ by 2^30", () => {
    const reference = cases.find(({ kind, rows }) => kind === "graded" && rows === 30)!;
    const { rows, cols } = reference;
    const rank = 30;
    const { left, right } = truncatedSvd(formulaMatrix(reference), rows, cols, rank);
    for (let a = 0; a < rank; a++) {
      for (let b = 0; b <= a; b++) {
        let inLeft = 0;
        let inRight = 0;
        for (let i = 0; i < rows; i++) inLeft += left[i * rank + a] * left[i * rank + b];
        for (let j = 0; j < cols; j++) inRight += right[a * cols + j] * right[b * cols + j];
        expect(Math.abs(inLeft - (a === b ? 1 : 0))).toBeLessThan(1e-12);
        expect(Math.abs(inRight - (a === b ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });

  it("fixes the sign: the largest entry of a right vector is positive", () => {
    // W = u v' with u = (3, 4) / 5 and v = 10 (-0.8, 0.6).
    const { left, singular, right } = truncatedSvd(Float32Array.of(-4.8, 3.6, -6.4, 4.8), 2, 2, 1);
    expect(singular[0]).toBeCloseTo(10, 6);
    expect([...right].map((value) => Number(value.toFixed(6)))).toEqual([0.8, -0.6]);
    expect([...left].map((value) => Number(value.toFixed(6)))).toEqual([-0.6, -0.8]);
  });

  it("gives zero vectors where the matrix has no more rank", () => {
    const { left, singular, right } = truncatedSvd(Float32Array.of(1, 2, 2, 4), 2, 2, 2);
    expect(singular[0]).toBeCloseTo(5, 12);
    expect(singular[1]).toBe(0);
    expect([left[1], left[3], right[2], right[3]]).toEqual([0, 0, 0, 0]);
    expect(truncatedSvd(new Float32Array(6), 2, 3, 2).singular).toEqual(new Float64Array(2));
  });

  it("refuses a rank that the matrix cannot have", () => {
    for (const rank of [0, 3, 1.5]) expect(() => truncatedSvd(new Float32Array(6), 2, 3, rank)).toThrow(ShapeError);
  });
});
