import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FormulaCase, formulaMatrix, words } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { gramMatrix } from "./gram-matrix.js";
import { singularValues } from "./singular-values.js";
import { leadingEigenvectors, symmetricEigenvalues } from "./symmetric-eigen.js";

// Written by make_linalg.py: NumPy in float64.
const fixture = JSON.parse(
  readFileSync(new URL("../../test/fixtures/linalg/linalg.json", import.meta.url), "utf8"),
) as {
  cases: (FormulaCase & { singular: number[] })[];
  symmetric: { n: number; seed: number; values: number[] };
};

function symmetricMatrix(n: number, seed: number): Float64Array {
  const a = words(n * n, seed);
  return a.map((value, at) => value + a[(at % n) * n + Math.floor(at / n)]);
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(0, ...Array.from(a, (value, i) => Math.abs(value - b[i])));
}

describe("singularValues", () => {
  it.each(fixture.cases)("agrees with NumPy: $kind $rows x $cols, seed $seed", (reference) => {
    const { rows, cols, singular } = reference;
    const found = singularValues(formulaMatrix(reference), rows, cols);
    expect(found.length).toBe(Math.min(rows, cols));
    expect(largestDifference(found, singular)).toBeLessThanOrEqual(3e-8 * singular[0]);
    // Values that are not small lose nothing to squaring.
    singular.forEach((value, i) => {
      if (value > 1e-3 * singular[0]) expect(Math.abs(found[i] - value)).toBeLessThanOrEqual(1e-11 * singular[0]);
    });
  });

  it("is a known answer for a diagonal matrix in any order and with signs", () => {
    const w = new Float32Array(4 * 6);
    [3, -7, 0, 0.5].forEach((value, i) => {
      w[i * 6 + ((i * 5) % 6)] = value;
    });
    expect(largestDifference(singularValues(w, 4, 6), [7, 3, 0.5, 0])).toBeLessThan(1e-14);
  });

  it("works at both ends of the range of float32", () => {
    for (const scale of [1e38, 1e-38]) {
      const found = singularValues(Float32Array.of(scale, 0, 0, scale, scale, 0), 2, 3);
      const golden = Math.fround(scale) * ((1 + Math.sqrt(5)) / 2);
      expect(Math.abs(found[0] / golden - 1)).toBeLessThan(1e-14);
    }
  });

  it("gives the same values for the transposed matrix, of any shape", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 23 }), fc.integer({ min: 1, max: 300 }), (rows, cols) => {
        const w = Float32Array.from(words(rows * cols, rows * 1000 + cols));
        const turned = w.map((_, at) => w[(at % rows) * cols + Math.floor(at / rows)]);
        const found = singularValues(w, rows, cols);
        expect(largestDifference(singularValues(turned, cols, rows), found)).toBeLessThan(1e-7 * found[0]);
        const squares = w.reduce((sum, value) => sum + value * value, 0);
        expect(found.reduce((sum, value) => sum + value * value, 0) / squares).toBeCloseTo(1, 12);
      }),
      { numRuns: 60, seed: 63 },
    );
  });

  it("refuses a wrong length and NaN", () => {
    expect(() => singularValues(new Float32Array(5), 2, 3)).toThrow(ShapeError);
    expect(() => singularValues(new Float32Array(0), 0, 3)).toThrow(ShapeError);
    expect(() => singularValues(Float32Array.of(1, Number.NaN), 1, 2)).toThrow(/NaN/);
  });
});

describe("gramMatrix", () => {
  it("equals the sum of products, for sizes that do not fill tiles or panels", () => {
    for (const [rows, cols] of [
      [5, 131],
      [131, 6],
      [9, 9],
    ]) {
      const w = Float32Array.from(words(rows * cols, 31));
      const n = Math.min(rows, cols);
      const gram = gramMatrix(w, rows, cols);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let k = 0; k < Math.max(rows, cols); k++) {
            sum += rows <= cols ? w[i * cols + k] * w[j * cols + k] : w[k * cols + i] * w[k * cols + j];
          }
          expect(Math.abs(gram[i * n + j] - sum)).toBeLessThan(1e-13);
        }
      }
    }
  });
});

describe("symmetric eigenvalues and vectors", () => {
  it("agree with NumPy for an indefinite matrix", () => {
    const { n, seed, values } = fixture.symmetric;
    expect(largestDifference(symmetricEigenvalues(symmetricMatrix(n, seed), n), values)).toBeLessThan(1e-13);
  });

  it("satisfy A v = l v with orthonormal v, all or a few", () => {
    const n = 30;
    const a = symmetricMatrix(n, 22);
    for (const k of [1, 4, n]) {
      const { values, vectors } = leadingEigenvectors(a, n, k);
      expect(largestDifference(values, fixture.symmetric.values.slice(0, k))).toBeLessThan(1e-13);
      for (let j = 0; j < k; j++) {
        for (let i = 0; i < n; i++) {
          let product = 0;
          for (let c = 0; c < n; c++) product += a[i * n + c] * vectors[c * k + j];
          expect(Math.abs(product - values[j] * vectors[i * k + j])).toBeLessThan(1e-13);
        }
        for (let other = 0; other <= j; other++) {
          let overlap = 0;
          for (let i = 0; i < n; i++) overlap += vectors[i * k + j] * vectors[i * k + other];
          expect(Math.abs(overlap - (other === j ? 1 : 0))).toBeLessThan(1e-13);
        }
      }
    }
  });

  it("keep multiplicities: 2 I plus a rank-one matrix", () => {
    const n = 12;
    const a = new Float64Array(n * n).fill(0.25);
    for (let i = 0; i < n; i++) a[i * n + i] += 2;
    const expected = [2 + 0.25 * n, ...new Array<number>(n - 1).fill(2)];
    expect(largestDifference(symmetricEigenvalues(a, n), expected)).toBeLessThan(1e-14);
  });
});
