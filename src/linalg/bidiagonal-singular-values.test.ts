import { describe, expect, it } from "vitest";
import { words } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { bidiagonalSingularValues } from "./bidiagonal-singular-values.js";
import { singularValues } from "./singular-values.js";

describe("bidiagonalSingularValues", () => {
  it.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [2, 2],
    [5, 5],
    [6, 5],
    [5, 12],
    [33, 64],
    [300, 70],
    [70, 600],
  ])("agree with those of the Gram matrix where those are good: $0 x $1", (rows, cols) => {
    const w = Float32Array.from(words(rows * cols, rows + cols));
    const found = bidiagonalSingularValues(w, rows, cols);
    const expected = singularValues(w, rows, cols);
    expect(found.length).toBe(expected.length);
    found.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(
        1e-13 * expected[0] + 1e-15 * (expected[0] ** 2 / expected[i]),
      );
    });
  });

  it("keep the small ones of an ill-conditioned matrix, which squaring loses", () => {
    // Diagonal: the singular values are the entries.
    const n = 9;
    const w = new Float64Array(n * n);
    for (let i = 0; i < n; i++) w[i * n + i] = 10 ** -i;
    const rotated = rotate(rotate(w, n, 0.7), n, 1.9);
    const found = bidiagonalSingularValues(rotated, n, n);
    found.forEach((value, i) => {
      expect(Math.abs(value - 10 ** -i)).toBeLessThan(1e-14);
    });
  });

  it("know rank one, zero, and any scale", () => {
    const outer = Float32Array.from({ length: 7 * 4 }, (_, i) => ((i % 4) + 1) * (Math.floor(i / 4) - 3));
    const [largest, ...rest] = bidiagonalSingularValues(outer, 7, 4);
    expect(largest).toBeCloseTo(Math.sqrt(30 * 28), 12);
    for (const value of rest) expect(value).toBeLessThan(1e-13);
    expect([...bidiagonalSingularValues(new Float32Array(6), 2, 3)]).toEqual([0, 0]);
    const huge = bidiagonalSingularValues(Float32Array.of(3e38, 0, 0, 1e-38), 2, 2);
    expect(huge[0] / 3e38).toBeCloseTo(1, 6);
  });

  it("refuse what is not finite or does not fit", () => {
    expect(() => bidiagonalSingularValues(Float32Array.of(1, Number.NaN), 1, 2)).toThrow(ShapeError);
    expect(() => bidiagonalSingularValues(new Float32Array(5), 2, 3)).toThrow(ShapeError);
  });
});

/** Plane rotations of neighbouring rows and columns by one angle: orthogonal from either side. */
function rotate(a: Float64Array, n: number, angle: number): Float64Array {
  const result = a.slice();
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let k = 0; k + 1 < n; k++) {
    for (let j = 0; j < n; j++) {
      const [x, y] = [result[k * n + j], result[(k + 1) * n + j]];
      result[k * n + j] = c * x + s * y;
      result[(k + 1) * n + j] = c * y - s * x;
    }
    for (let i = 0; i < n; i++) {
      const [x, y] = [result[i * n + k], result[i * n + k + 1]];
      result[i * n + k] = c * x - s * y;
      result[i * n + k + 1] = c * y + s * x;
    }
  }
  return result;
}
