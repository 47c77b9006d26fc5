import { describe, expect, it } from "vitest";
import { allKernels } from "../../test/dense-kernels.js";
import { words } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { gramSum as anyGramSum, type GramOptions } from "./gram-sum.js";
import { largestEigenvalue } from "./largest-eigenvalue.js";

/** Sum over k of x[k, i] x[k, j], the plain way. */
function expectedGram(x: ArrayLike<number>, count: number, n: number): Float64Array {
  const gram = new Float64Array(n * n);
  for (let k = 0; k < count; k++)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) gram[i * n + j] += x[k * n + i] * x[k * n + j];
  return gram;
}

function distance(found: Float64Array, expected: Float64Array): number {
  const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return found.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i])), 0) / largest;
}

const transposed = (x: Float32Array, rows: number, cols: number) =>
  x.map((_, i) => x[(i % rows) * cols + Math.floor(i / rows)]);

// Around whole tiles, whole pairs and whole panels.
const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 31, 33, 130];

describe.each(allKernels)("gramSum with $name", ({ kernels }) => {
  const gramSum = (n: number, options: GramOptions = {}) => anyGramSum(n, { ...options, kernels });

  it.each(sizes)("is the sum of products, by rows, by columns and in pieces: n = %i", (n) => {
    for (const count of [1, 3, 257, 300]) {
      const x = Float32Array.from(words(count * n, 1 + n));
      const expected = expectedGram(x, count, n);
      const rows = gramSum(n);
      rows.addRows(x, count);
      expect(distance(rows.matrix(), expected)).toBeLessThan(1e-14);
      const columns = gramSum(n);
      columns.addColumns(transposed(x, count, n), count);
      expect(distance(columns.matrix(), expected)).toBeLessThan(1e-14);
      const head = Math.floor(count / 3);
      const first = gramSum(n);
      first.addRows(x.subarray(0, head * n), head);
      const share = first.upper();
      const whole = gramSum(n);
      whole.addRows(x.subarray(head * n), count - head);
      whole.addUpper(share);
      expect(distance(whole.matrix(), expected)).toBeLessThan(1e-14);
    }
  });

  it.each(sizes)("is within float32's rounding where that is enough: n = %i", (n) => {
    const count = 300;
    const x = Float32Array.from(words(count * n, 50 + n));
    const gram = gramSum(n, { precision: "float32" });
    gram.addRows(x, count);
    const found = distance(gram.matrix(), expectedGram(x, count, n));
    expect(found).toBeLessThan(1e-6);
    const columns = gramSum(n, { precision: "float32" });
    columns.addColumns(transposed(x, count, n), count);
    expect(distance(columns.matrix(), gram.matrix())).toBeLessThan(1e-6);
  });

  it.each(sizes)("knows its sums, its products and its largest eigenvalue: n = %i", (n) => {
    const x = Float32Array.from(words(40 * n, 90 + n));
    const expected = expectedGram(x, 40, n);
    const gram = gramSum(n);
    gram.addRows(x, 40);
    const { trace, squares } = gram.sums();
    let diagonal = 0;
    for (let i = 0; i < n; i++) diagonal += expected[i * n + i];
    expect(trace).toBeCloseTo(diagonal, 10);
    expect(squares / expected.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 12);
    const vector = Float64Array.from(words(n, 7));
    const product = vector.map((_, i) => vector.reduce((sum, value, j) => sum + value * expected[i * n + j], 0));
    expect(distance(gram.product(vector), product)).toBeLessThan(1e-13);
    const largest = largestEigenvalue(gram.product, n);
    expect(Math.abs(largest / gram.eigenvalues()[0] - 1)).toBeLessThan(1e-8);
  });

  it("takes doubles as they are", () => {
    const gram = gramSum(2);
    gram.addRows(Float64Array.of(1, 1e-9, 0, 1), 2);
    expect([...gram.matrix()]).toEqual([1, 1e-9, 1e-9, 1 + 1e-18]);
  });

  it.each([1e-40, 1e-25, 1e-12, 1, 1e12, 1e25])("holds float32 products of entries about %d", (size) => {
    const x = Float32Array.from(words(60 * 9, 3), (value) => value * size);
    const expected = expectedGram(x, 60, 9);
    const gram = gramSum(9, { precision: "float32" });
    // What comes later is larger, or much smaller.
    gram.addRows(x.subarray(0, 9 * 20), 20);
    gram.addRows(x.subarray(9 * 20), 40);
    gram.addRows(new Float32Array(9).fill(size * 1e-12), 1);
    expect(distance(gram.matrix(), expected)).toBeLessThan(1e-6);
    const growing = gramSum(9, { precision: "float32" });
    growing.addRows(new Float32Array(9).fill(size * 1e-12), 1);
    growing.addRows(x, 60);
    expect(distance(growing.matrix(), expected)).toBeLessThan(1e-6);
  });

  it.each([1e-155, 1e-60, 1e60, 1e150])("holds float32 products of doubles about %d", (size) => {
    const x = Float64Array.from(words(20 * 9, 5), (value) => value * size);
    const gram = gramSum(9, { precision: "float32" });
    gram.addRows(x, 20);
    expect(distance(gram.matrix(), expectedGram(x, 20, 9))).toBeLessThan(1e-6);
  });

  it("finds the eigenvalues that are known", () => {
    const identity = gramSum(40);
    for (let i = 0; i < 40; i++)
      identity.addRows(
        Float32Array.from({ length: 40 }, (_, j) => Number(i === j)),
        1,
      );
    expect([...identity.eigenvalues()]).toEqual(Array(40).fill(1));
    expect([...gramSum(33).eigenvalues()]).toEqual(Array(33).fill(0));
    // Of B'B with B = I + the superdiagonal: 2 + 2 cos(2 k pi / (2n + 1)).
    const n = 57;
    const chain = gramSum(n);
    for (let i = 0; i < n; i++)
      chain.addRows(
        Float64Array.from({ length: n }, (_, j) => Number(j === i || j === i + 1)),
        1,
      );
    chain.eigenvalues().forEach((value, k) => {
      expect(Math.abs(value - 2 - 2 * Math.cos(((2 * k + 2) * Math.PI) / (2 * n + 1)))).toBeLessThan(1e-13);
    });
  });

  it("finds those of a spectrum over many magnitudes, of low rank, and of blocks", () => {
    const n = 97;
    const graded = gramSum(n);
    for (let i = 0; i < n; i++)
      graded.addRows(
        Float64Array.from({ length: n }, (_, j) => (j === i ? 10 ** (-i / 12) : 0)),
        1,
      );
    graded.eigenvalues().forEach((value, k) => {
      expect(Math.abs(value - 10 ** (-k / 6))).toBeLessThan(1e-15);
    });
    const low = gramSum(n);
    low.addRows(Float32Array.from(words(3 * n, 8)), 3);
    const [first, second, third, ...others] = low.eigenvalues();
    expect(third / second).toBeGreaterThan(1e-3);
    for (const value of others) expect(Math.abs(value) / first).toBeLessThan(1e-14);
    const blocks = gramSum(n);
    blocks.addRows(
      Float64Array.from({ length: 2 * n }, (_, i) => Number(i % n >= 40 && Math.floor(i / n) === 1)),
      2,
    );
    expect(blocks.eigenvalues()[0]).toBeCloseTo(n - 40, 10);
  });

  it("refuses what does not fit", () => {
    expect(() => gramSum(0)).toThrow(ShapeError);
    expect(() => gramSum(3).addRows(new Float32Array(5), 2)).toThrow(ShapeError);
    expect(() => gramSum(3).addColumns(new Float32Array(5), 2)).toThrow(ShapeError);
    expect(() => gramSum(3).addUpper(new Float64Array(5))).toThrow(ShapeError);
    const gram = gramSum(2);
    gram.addRows(Float32Array.of(1, Number.NaN), 1);
    expect(() => gram.eigenvalues()).toThrow(ShapeError);
    expect(() => largestEigenvalue(gram.product, 2)).toThrow(ShapeError);
  });
});
