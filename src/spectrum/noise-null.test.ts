import { describe, expect, it } from "vitest";
import { randomStream } from "../foundation/random.js";
import { singularValues } from "../linalg/singular-values.js";
import { fitAmplitudes } from "./amplitude-fit.js";
import { amplitudeSpread } from "./amplitude-spread.js";
import { components } from "./gaussian-row.js";
import { noiseParticipationRatio, openNoiseNulls } from "./noise-null.js";
import { drawNoiseSpectrum } from "./noise-spectrum.js";
import { firstShare, participationRatio } from "./participation-ratio.js";

function noise(rows: number, cols: number, seed: number): Float32Array {
  const w = new Float32Array(rows * cols);
  randomStream(seed, "noise of the test").fillNormal(w, 0.02);
  return w;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("spectral nulls", () => {
  it.each([
    [3, 2, 4000],
    [8, 8, 2000],
    [8, 40, 1000],
    [40, 32, 300],
    [64, 64, 200],
    [64, 192, 100],
  ])("are within 1% of noise drawn entry by entry: $0 x $1", (rows, cols, draws) => {
    const spectra = Array.from({ length: draws }, (_, seed) => singularValues(noise(rows, cols, seed), rows, cols));
    const squares = spectra.map((singular) => singular.map((value) => value * value));
    const expected = openNoiseNulls(1).spectral(rows, cols);
    // Two per cent where the direct simulation itself scatters.
    const tolerance = rows < 10 ? 0.02 : 0.01;
    expect(Math.abs(expected.pr / mean(squares.map((l) => participationRatio(l)!)) - 1)).toBeLessThan(tolerance);
    expect(Math.abs(expected.prSingular / mean(spectra.map((s) => participationRatio(s)!)) - 1)).toBeLessThan(
      tolerance,
    );
    expect(Math.abs(expected.pc1 / mean(squares.map((l) => firstShare(l)!)) - 1)).toBeLessThan(tolerance);
  });

  it("are what shape alone explains of the paper's table: 128 and 192, 184 and 234", () => {
    const nulls = openNoiseNulls(0);
    const square = nulls.spectral(256, 256);
    const wide = nulls.spectral(768, 256);
    expect(Math.abs(square.pr / 128 - 1)).toBeLessThan(0.01);
    expect(Math.abs(wide.pr / 192 - 1)).toBeLessThan(0.01);
    expect(Math.abs(square.prSingular / 184 - 1)).toBeLessThan(0.005);
    expect(Math.abs(wide.prSingular / 234 - 1)).toBeLessThan(0.005);
    // (sqrt n + sqrt m)^2 / nm, less Tracy-Widom's shift of one or two per cent.
    expect(square.pc1 / (1024 / 65536)).toBeGreaterThan(0.96);
    expect(square.pc1 / (1024 / 65536)).toBeLessThan(1);
  });

  it("do not depend on orientation or on the order of the questions", () => {
    const first = openNoiseNulls(5);
    const second = openNoiseNulls(5);
    const asked = first.spectral(20, 30);
    second.spectral(7, 7);
    expect(second.spectral(30, 20)).toEqual(asked);
    expect(openNoiseNulls(6).spectral(20, 30)).not.toEqual(asked);
  });

  it("are 1 for a single row", () => {
    expect(openNoiseNulls(0).spectral(1, 9)).toMatchObject({
      pr: expect.closeTo(1, 9),
      prSingular: expect.closeTo(1, 9),
      pc1: expect.closeTo(1, 9),
    });
  });
});

describe("noiseParticipationRatio", () => {
  it("is the harmonic mean over noise, exactly", () => {
    for (const [rows, cols] of [
      [2, 2],
      [3, 5],
      [10, 6],
    ]) {
      const stream = randomStream(2, `${rows} x ${cols}`);
      let sum = 0;
      for (let draw = 0; draw < 20_000; draw++) {
        sum += 1 / participationRatio(drawNoiseSpectrum(stream, rows, cols).map((value) => value * value))!;
      }
      expect(Math.abs((20_000 / sum) * (1 / noiseParticipationRatio(rows, cols)) - 1)).toBeLessThan(0.006);
    }
  });
});

describe("amplitude nulls", () => {
  it("of the projection agree with projected noise", () => {
    const direct = Array.from({ length: 60 }, (_, seed) => {
      const { values } = fitAmplitudes(noise(64, 48, seed), 64, 48, "projection");
      return amplitudeSpread(values, 64, components).pr!;
    });
    expect(Math.abs(openNoiseNulls(0).amplitudePr(64, 48, "projection")! / mean(direct) - 1)).toBeLessThan(0.03);
  });

  it("of the nonlinear fit are those of one drawn matrix, whatever its scale", () => {
    const w = new Float32Array(12 * 32);
    // A power of two: rounding to float32 commutes with it.
    randomStream(4, "nonlinear null 12x32").fillNormal(w, 2 ** -6);
    const { values } = fitAmplitudes(w, 12, 32, "nonlinear");
    const expected = amplitudeSpread(values, 12, components).pr!;
    expect(openNoiseNulls(4).amplitudePr(12, 32, "nonlinear")).toBeCloseTo(expected, 9);
  });

  it("are null where the fit is not determined", () => {
    const nulls = openNoiseNulls(0);
    expect(nulls.amplitudePr(20, 7, "projection")).toBeNull();
    expect(nulls.amplitudePr(20, 23, "nonlinear")).toBeNull();
    expect(nulls.amplitudePr(1, 64, "projection")).toBeNull();
  });
});
