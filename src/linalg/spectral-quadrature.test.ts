import { describe, expect, it } from "vitest";
import { allKernels } from "../../test/dense-kernels.js";
import { words } from "../../test/fixtures/linalg/formula-matrix.js";
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { blockWidth, type DenseKernels } from "./dense-kernels.js";
import { gramMatrix } from "./gram-matrix.js";
import { holdMatrix } from "./held-matrix.js";
import { singularValues } from "./singular-values.js";
import { estimateSpectrum } from "./spectral-quadrature.js";

function held(w: Float32Array, rows: number, cols: number, kernels?: DenseKernels) {
  const matrix = holdMatrix(rows, cols, kernels);
  const half = rows >> 1;
  matrix.putRows(w.subarray(0, half * cols), 0);
  matrix.putRows(w.subarray(half * cols), half);
  return matrix;
}

describe.each(allKernels)("holdMatrix with $name", ({ kernels }) => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 2],
    [5, 5],
    [7, 4],
    [4, 9],
    [13, 50],
    [50, 13],
  ])("multiplies four vectors by the Gram matrix: $0 x $1", (rows, cols) => {
    const w = Float32Array.from(words(rows * cols, 5));
    const n = Math.min(rows, cols);
    const x = Float64Array.from(words(n * blockWidth, 8));
    // Of a square matrix, W'W.
    const turned = rows === cols ? w.map((_, i) => w[(i % n) * n + Math.floor(i / n)]) : w;
    const gram = gramMatrix(turned, rows, cols);
    const y = held(w, rows, cols, kernels).gramTimes(x);
    for (let i = 0; i < n; i++) {
      for (let p = 0; p < blockWidth; p++) {
        let expected = 0;
        for (let j = 0; j < n; j++) expected += gram[i * n + j] * x[j * blockWidth + p];
        expect(Math.abs(y[i * blockWidth + p] - expected)).toBeLessThan(2e-6 * rows * cols);
      }
    }
  });

  it("refuses rows that do not fit", () => {
    expect(() => holdMatrix(3, 4).putRows(new Float32Array(8), 2)).toThrow(ShapeError);
    expect(() => holdMatrix(3, 4).putRows(new Float32Array(7), 0)).toThrow(ShapeError);
    expect(() => holdMatrix(3, 4).gramTimes(new Float64Array(5))).toThrow(ShapeError);
  });
});

/** Noise with strong components of the given singular values. */
function planted(rows: number, cols: number, strengths: readonly number[]): Float32Array {
  const w = new Float32Array(rows * cols);
  randomStream(2, "noise under strong components").fillNormal(w, 1);
  strengths.forEach((strength, k) => {
    for (let i = 0; i < rows; i++) {
      const u = Math.sqrt(2 / rows) * Math.sin((Math.PI * (k + 1) * (i + 0.5)) / rows);
      for (let j = 0; j < cols; j++)
        w[i * cols + j] += strength * u * Math.sqrt(2 / cols) * Math.sin((Math.PI * (k + 1) * (j + 0.5)) / cols);
    }
  });
  return w;
}

describe("estimateSpectrum", () => {
  it.each([
    [300, 300],
    [200, 500],
    [600, 250],
  ])("finds the strong components exactly and the rest within its own scatter: $0 x $1", (rows, cols) => {
    const n = Math.min(rows, cols);
    const w = planted(rows, cols, [400, 250, 160, 100, 80]);
    const truth = singularValues(w, rows, cols).map((value) => value * value);
    const { leading, probes } = estimateSpectrum(held(w, rows, cols), randomStream(1, "probes"));
    expect(leading.length).toBeGreaterThanOrEqual(5);
    for (let i = 0; i < 5; i++) expect(Math.abs(leading[i] / truth[i] - 1)).toBeLessThan(1e-5);
    const rest = truth.slice(leading.length);
    for (const power of [1, 2]) {
      const expected = rest.reduce((sum, value) => sum + value ** power, 0);
      const found = probes.map(({ nodes, weights }) =>
        nodes.reduce((sum, value, i) => sum + weights[i] * value ** power, 0),
      );
      const mean = found.reduce((a, b) => a + b) / found.length;
      // A normal probe scatters by sqrt(2 / n) and a little more; four of them by half.
      expect(Math.abs(mean / expected - 1)).toBeLessThan(4 * 0.5 * power * Math.sqrt(2 / n));
    }
    for (const { weights } of probes) expect(weights.reduce((a, b) => a + b)).toBeCloseTo(n - leading.length, 6);
  });

  it("knows rank one and a matrix smaller than its blocks", () => {
    const outer = Float32Array.from({ length: 60 * 40 }, (_, i) => Math.sin(i % 40) * Math.cos(Math.floor(i / 40)));
    const { leading, probes } = estimateSpectrum(held(outer, 60, 40), randomStream(1, "probes"));
    const [expected] = singularValues(outer, 60, 40);
    expect(leading[0] / expected ** 2).toBeCloseTo(1, 5);
    for (const { nodes } of probes) for (const node of nodes) expect(node).toBeLessThan(1e-5 * expected ** 2);
    const tiny = estimateSpectrum(held(Float32Array.of(3, 0, 0, 4), 2, 2), randomStream(1, "probes"));
    const all = [...tiny.leading, ...tiny.probes.flatMap(({ nodes }) => [...nodes])];
    expect(Math.max(...all)).toBeCloseTo(16, 4);
  });

  it("is the same for the same stream and another for another", () => {
    const w = planted(120, 90, [50]);
    const estimate = (seed: number) => estimateSpectrum(held(w, 120, 90), randomStream(seed, "probes"));
    expect(estimate(3)).toEqual(estimate(3));
    expect(estimate(3).probes[0].nodes).not.toEqual(estimate(4).probes[0].nodes);
  });
});
