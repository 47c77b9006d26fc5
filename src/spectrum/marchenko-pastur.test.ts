import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { randomStream } from "../foundation/random.js";
import { singularValues } from "../linalg/singular-values.js";
import { marchenkoPasturMedian, noiseBulk } from "./marchenko-pastur.js";
import { drawNoiseSpectrum } from "./noise-spectrum.js";

// Written by make_spectrum.py: SciPy's quadrature of the density.
const { marchenkoPasturMedians } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/spectrum/spectrum.json", import.meta.url), "utf8"),
) as { marchenkoPasturMedians: [number, number][] };

/** Normal noise of deviation 1 plus rank-one components of the given singular values along unit vectors of sines. */
function planted(rows: number, cols: number, strengths: readonly number[]): Float32Array {
  const w = new Float32Array(rows * cols);
  randomStream(7, "noise under spikes").fillNormal(w, 1);
  strengths.forEach((strength, k) => {
    for (let i = 0; i < rows; i++) {
      const u = Math.sqrt(2 / rows) * Math.sin((Math.PI * (k + 1) * (i + 0.5)) / rows);
      for (let j = 0; j < cols; j++) {
        w[i * cols + j] += strength * u * Math.sqrt(2 / cols) * Math.sin((Math.PI * (k + 1) * (j + 0.5)) / cols);
      }
    }
  });
  return w;
}

describe("marchenkoPasturMedian", () => {
  it.each(marchenkoPasturMedians)("agrees with SciPy at ratio %f", (beta, median) => {
    expect(Math.abs(marchenkoPasturMedian(beta) - median)).toBeLessThan(1e-8);
  });
});

describe("noiseBulk", () => {
  it.each([
    [9, 9, 2000],
    [16, 64, 1000],
    [32, 32, 2000],
    [64, 64, 800],
    [100, 300, 300],
  ])("finds a spike in about 1% of noise matrices at most: $0 x $1", (rows, cols, draws) => {
    const stream = randomStream(11, `calibration ${rows}x${cols}`);
    let withSpike = 0;
    let scale = 0;
    for (let draw = 0; draw < draws; draw++) {
      const bulk = noiseBulk(drawNoiseSpectrum(stream, rows, cols), rows, cols, 0)!;
      if (bulk.spikes > 0) withSpike++;
      scale += bulk.scale / draws;
    }
    expect(withSpike / draws).toBeLessThanOrEqual(0.01);
    expect(Math.abs(scale - 1)).toBeLessThan(rows < 20 ? 0.06 : 0.02);
  });

  it("lies no more than 5% above sigma (sqrt n + sqrt m) for matrices that matter", () => {
    const singular = drawNoiseSpectrum(randomStream(1, "edge"), 256, 256);
    const { edge, scale } = noiseBulk(singular, 256, 256, 0)!;
    expect(edge / (scale * 32)).toBeGreaterThan(1);
    expect(edge / (scale * 32)).toBeLessThan(1.05);
  });

  it("counts planted components above the edge, not those inside the bulk, and keeps its scale", () => {
    const rows = 96;
    const cols = 160;
    for (const [strengths, count] of [
      [[], 0],
      [[40, 60, 90], 3],
      [[40, 5, 90], 2],
    ] as const) {
      const bulk = noiseBulk(singularValues(planted(rows, cols, strengths), rows, cols), rows, cols, 1e-6)!;
      expect(bulk.spikes).toBe(count);
      expect(Math.abs(bulk.scale - 1)).toBeLessThan(0.04);
    }
  });

  it("has scale 0 where half the values are below the resolution: every other one is a spike", () => {
    expect(noiseBulk(Float64Array.of(9, 4, 1e-9, 1e-9, 0), 5, 7, 1e-6)).toEqual({
      spikeEnergy: 1,
      scale: 0,
      edge: 0,
      spikes: 2,
    });
    expect(noiseBulk(new Float64Array(3), 3, 3, 0)).toEqual({ spikeEnergy: 0, scale: 0, edge: 0, spikes: 0 });
  });

  it("is null for a single row", () => {
    expect(noiseBulk(Float64Array.of(2), 1, 30, 0)).toBeNull();
  });
});
