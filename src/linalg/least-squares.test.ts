import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { words } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { factorCholesky, solveCholesky, solveLower } from "./cholesky.js";
import { pseudoInverse } from "./least-squares.js";

// Written by make_linalg.py: NumPy in float64.
const { pseudoInverse: reference } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/linalg/linalg.json", import.meta.url), "utf8"),
) as { pseudoInverse: { rows: number; cols: number; seed: number; values: number[] } };

describe("pseudoInverse", () => {
  it("agrees with NumPy", () => {
    const { rows, cols, seed, values } = reference;
    const found = pseudoInverse(words(rows * cols, seed), rows, cols);
    values.forEach((value, i) => {
      expect(Math.abs(found[i] - value)).toBeLessThan(1e-13);
    });
  });

  it("keeps its digits where normal equations would lose them: columns 1 and 1 + 1e-7 t", () => {
    const m = 5;
    const a = new Float64Array(2 * m);
    const b = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      a.set([1, 1 + 1e-7 * i], 2 * i);
      b[i] = 3 * a[2 * i] - 2 * a[2 * i + 1];
    }
    const inverse = pseudoInverse(a, m, 2);
    const solution = [0, 1].map((row) => b.reduce((sum, value, i) => sum + inverse[row * m + i] * value, 0));
    expect(Math.abs(solution[0] - 3)).toBeLessThan(1e-7);
    expect(Math.abs(solution[1] + 2)).toBeLessThan(1e-7);
  });

  it("refuses dependent columns and too few equations", () => {
    expect(() => pseudoInverse(Float64Array.of(1, 2, 2, 4, 3, 6), 3, 2)).toThrow(/column 1 of 2 depends/);
    expect(() => pseudoInverse(new Float64Array(6), 3, 2)).toThrow(ShapeError);
    expect(() => pseudoInverse(new Float64Array(6), 2, 3)).toThrow(ShapeError);
  });
});

describe("Cholesky", () => {
  it("solves M x = b for M = L L' with a known L and x", () => {
    const l = [2, 0, 0, -1, 3, 0, 0.5, 4, 1];
    const x = [1, -2, 3];
    const a = new Float64Array(9);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) a[i * 3 + j] += l[i * 3 + k] * l[j * 3 + k];
    }
    const b = Float64Array.from({ length: 3 }, (_, i) => x.reduce((sum, value, j) => sum + a[i * 3 + j] * value, 0));
    expect(factorCholesky(a, 3)).toBe(true);
    expect([a[0], a[3], a[4], a[6], a[7], a[8]]).toEqual([2, -1, 3, 0.5, 4, 1]);
    const half = b.slice();
    solveLower(a, 3, half);
    // L' x
    expect([...half]).toEqual([2 * 1 + 2 + 1.5, 3 * -2 + 12, 3]);
    solveCholesky(a, 3, b);
    expect([...b]).toEqual(x);
  });

  it("says no to singular, indefinite and NaN matrices", () => {
    expect(factorCholesky(Float64Array.of(1, 0, 1, 1), 2)).toBe(false);
    expect(factorCholesky(Float64Array.of(1, 0, 2, 1), 2)).toBe(false);
    expect(factorCholesky(Float64Array.of(Number.NaN, 0, 0, 1), 2)).toBe(false);
  });
});
