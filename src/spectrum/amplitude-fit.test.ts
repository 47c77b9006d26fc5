import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { levenbergMarquardt } from "../linalg/levenberg-marquardt.js";
import { fitAmplitudes } from "./amplitude-fit.js";
import { components, fillGaussian, gaussianRowModel, startingGrid } from "./gaussian-row.js";

interface ReferenceRow {
  cols: number;
  planted: boolean;
  row: number[];
  projection: number[];
  projectionRSquared: number;
  evaluations: number;
  fitted: number[];
  rSquared: number;
}

// Written by make_spectrum.py: numpy.linalg.pinv and scipy.optimize.curve_fit.
const { rows } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/spectrum/spectrum.json", import.meta.url), "utf8"),
) as { rows: ReferenceRow[] };

function totalSquares(row: readonly number[]): number {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  return row.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

function sumOfGaussians(cols: number, terms: readonly (readonly [number, number, number])[]): Float64Array {
  return new Float64Array(cols).map((_, j) =>
    terms.reduce(
      (sum, [amplitude, centre, width]) => sum + amplitude * Math.exp(-(((j - centre) / width) ** 2) / 2),
      0,
    ),
  );
}

describe("fillGaussian", () => {
  it("agrees with the exponential for narrow, wide and outlying Gaussians", () => {
    for (const [centre, width] of [
      [31.5, 8],
      [10.2, 0.3],
      [-40, 12],
      [90.7, 25],
      [20, -5],
      [31, 1e5],
    ]) {
      const found = new Float64Array(70);
      fillGaussian(found, 3, 64, { centre, width });
      for (let j = 0; j < 64; j++) {
        const expected = Math.exp(-((j - centre) ** 2) / (2 * width ** 2));
        expect(Math.abs(found[3 + j] - expected)).toBeLessThanOrEqual(1e-12 * expected + 1e-29);
      }
      expect([...found.subarray(0, 3), ...found.subarray(67)]).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });
});

describe("gaussianRowModel", () => {
  it("has the derivatives that central differences show", () => {
    const cols = 40;
    const model = gaussianRowModel(new Float64Array(cols).fill(0.1));
    const parameters = new Float64Array(3 * components).map((_, i) => [0.7 + i / 9, 5 * (i / 3), 2 + i / 4][i % 3]);
    const jacobian = new Float64Array(3 * components * cols);
    model.differentiate(parameters, jacobian);
    const above = new Float64Array(cols);
    const below = new Float64Array(cols);
    for (let p = 0; p < 3 * components; p++) {
      const step = 1e-5;
      model.evaluate(
        parameters.map((value, i) => (i === p ? value + step : value)),
        above,
      );
      model.evaluate(
        parameters.map((value, i) => (i === p ? value - step : value)),
        below,
      );
      for (let j = 0; j < cols; j++) {
        expect(Math.abs(jacobian[p * cols + j] - (above[j] - below[j]) / (2 * step))).toBeLessThan(1e-8);
      }
    }
  });
});

describe("fitAmplitudes", () => {
  it.each(rows)("projects as NumPy does: $cols columns, planted $planted", (reference) => {
    const { values, residualSquares } = fitAmplitudes(
      Float32Array.from(reference.row),
      1,
      reference.cols,
      "projection",
    );
    reference.projection.forEach((value, k) => {
      expect(Math.abs(values[k] - value)).toBeLessThan(1e-12);
    });
    expect(1 - residualSquares / totalSquares(reference.row)).toBeCloseTo(reference.projectionRSquared, 12);
  });

  it.each(rows.filter(({ evaluations }) => evaluations < 200))(
    "reaches the minimum that curve_fit reaches: $cols columns, planted $planted, $evaluations evaluations there",
    (reference) => {
      const fit = fitAmplitudes(Float32Array.from(reference.row), 1, reference.cols, "nonlinear");
      expect(fit.unfinishedRows).toBe(0);
      expect(1 - fit.residualSquares / totalSquares(reference.row)).toBeCloseTo(reference.rSquared, 6);
      for (let k = 0; k < components; k++) {
        const expected = reference.fitted[3 * k];
        expect(Math.abs(fit.values[k] - expected)).toBeLessThan(1e-2 * (1 + Math.abs(expected)));
      }
    },
  );

  it("explains as much of a row of noise as curve_fit does, within two hundredths", () => {
    for (const reference of rows.filter(({ evaluations }) => evaluations >= 200)) {
      const fit = fitAmplitudes(Float32Array.from(reference.row), 1, reference.cols, "nonlinear");
      expect(Math.abs(1 - fit.residualSquares / totalSquares(reference.row) - reference.rSquared)).toBeLessThan(0.02);
    }
  });

  it("recovers planted Gaussians with amplitude, centre and width", () => {
    const cols = 128;
    const { centres } = startingGrid(cols);
    const terms = Array.from(
      centres,
      (centre, k) => [(k % 2 ? -1 : 1) * (1 + 0.2 * k), centre + 2 - k / 2, 5 + k / 4] as const,
    );
    const row = sumOfGaussians(cols, terms);
    const start = new Float64Array(3 * components);
    terms.forEach(([amplitude, centre, width], k) => {
      start.set([0.8 * amplitude, centre + 1.5, width * 1.3], 3 * k);
    });
    const fit = levenbergMarquardt(gaussianRowModel(row), start, { mostIterations: 200 });
    expect(fit.converged).toBe(true);
    terms.flat().forEach((value, i) => {
      expect(Math.abs(fit.parameters[i] - value)).toBeLessThan(1e-6);
    });
  });

  it("finds the planted amplitudes of every row from its own start", () => {
    const cols = 64;
    const { centres, width } = startingGrid(cols);
    const w = new Float32Array(5 * cols);
    for (let i = 0; i < 5; i++) {
      w.set(
        sumOfGaussians(
          cols,
          [...centres].map((centre, k) => [Math.sin(1 + i * k), centre, width] as const),
        ),
        i * cols,
      );
    }
    for (const kind of ["projection", "nonlinear"] as const) {
      const { values, residualSquares } = fitAmplitudes(w, 5, cols, kind);
      expect(residualSquares).toBeLessThan(1e-12);
      for (let i = 0; i < 5; i++) {
        for (let k = 0; k < components; k++) {
          // float32 rounding of the row, times the condition of the basis.
          if (kind === "projection")
            expect(Math.abs(values[i * components + k] - Math.sin(1 + i * k))).toBeLessThan(1e-5);
        }
      }
    }
  });

  it("is never worse than the projection, always finite, and counts the rows that reach the bound", () => {
    const w = new Float32Array(12 * 64);
    randomStream(3, "noise to fit").fillNormal(w, 0.02);
    w.fill(0, 0, 64);
    w.fill(0.5, 64, 128);
    w.fill(0, 128, 192);
    w[150] = 1e30;
    const projection = fitAmplitudes(w, 12, 64, "projection");
    const nonlinear = fitAmplitudes(w, 12, 64, "nonlinear");
    expect(nonlinear.residualSquares).toBeLessThanOrEqual(projection.residualSquares);
    expect(nonlinear.values.every(Number.isFinite)).toBe(true);
    expect([...nonlinear.values.subarray(0, components)]).toEqual(new Array(components).fill(0));
    expect(nonlinear.unfinishedRows).toBeGreaterThan(0);
    expect(nonlinear.unfinishedRows).toBeLessThan(12);
    expect(projection.unfinishedRows).toBe(0);
  });

  it("refuses fewer columns than Gaussians", () => {
    expect(() => fitAmplitudes(new Float32Array(14), 2, 7, "projection")).toThrow(ShapeError);
  });
});
