import { describe, expect, it } from "vitest";
import { sampleScanRecord } from "../../test/sample-scan-record.js";
import { spectrumDrawing, spectrumFigure } from "./scan-spectrum-chart.js";

const [matrix] = (await sampleScanRecord()).matrices;
const drawn = (value: number[], edge: number | null = null) =>
  spectrumDrawing({ ...matrix, edge, spikes: null, spectrum: { rank: [1, 10, 100], value, noise: [1, 1, 1] } });
const heights = (points: string) => points.split(" ").map((point) => Number(point.split(",")[1]));

describe("spectrumDrawing", () => {
  it("is logarithmic in rank and size", () => {
    const { value, ranks, ticks } = drawn([100, 10, 1])!;
    const [a, b, c] = heights(value);
    expect(b - a).toBeCloseTo(c - b, 0);
    expect(value.split(" ").map((point) => Number(point.split(",")[0]))).toEqual([56, 311, 566]);
    expect(ranks).toEqual([
      [56, "1"],
      [311, "10"],
      [566, "100"],
    ]);
    expect(ticks.map(([, text]) => text)).toEqual(["1", "10", "100"]);
  });

  it("sets what is zero, or lies four decades down, on the floor", () => {
    const { value } = drawn([100, 1e-9, 0])!;
    const [, tiny, zero] = heights(value);
    expect(tiny).toBe(zero);
    expect(zero).toBeLessThanOrEqual(286);
  });

  it("draws the edge also above the largest value", () => {
    expect(drawn([1, 1, 1], 2)!.edge).toBeGreaterThan(16);
    expect(drawn([1, 1, 1], 0)!.edge).toBeNull();
    expect(drawn([1, 1, 1])!.edge).toBeNull();
  });

  it("is nothing where there is nothing to draw", () => {
    const { spectrum, ...without } = matrix;
    expect(spectrum).toBeDefined();
    expect(spectrumDrawing(without)).toBeNull();
    expect(spectrumDrawing({ ...matrix, spectrum: { rank: [1], value: [0], noise: [0] } })).toBeNull();
    expect(spectrumFigure("itself", "t", null).html).toContain("There is no spectrum of this matrix.");
  });

  it("finds room for a single value", () => {
    const one = spectrumDrawing({ ...matrix, edge: null, spectrum: { rank: [1], value: [2], noise: [2] } })!;
    expect(one.value).toMatch(/^311,[\d.]+$/);
  });
});
