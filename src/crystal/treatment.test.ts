import { describe, expect, test } from "vitest";
import { DivergedError, UsageError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { parseArm } from "./arm.js";
import { type TreatedMatrix, treat } from "./treatment.js";

const [rows, columns] = [12, 20];
const trained = new Float32Array(rows * columns);
randomStream(1, "a trained matrix").fillNormal(trained, 0.3);
const matrix: TreatedMatrix = { parameter: "h.0.attn.c_proj.weight", shape: [rows, columns], trained };
const options = { seed: 5, initializerRange: 0.02 };
const apply = (arm: string, seed = 5) => treat([matrix], parseArm(arm), { ...options, seed });

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Largest singular value by power iteration: independent of the product's own decomposition. */
function spectralNorm(w: Float64Array): number {
  let v = Float64Array.from({ length: columns }, (_, i) => Math.sin(i + 1));
  let norm = 0;
  for (let iteration = 0; iteration < 500; iteration++) {
    const u = Float64Array.from({ length: rows }, (_, r) => v.reduce((sum, x, c) => sum + w[r * columns + c] * x, 0));
    v = Float64Array.from({ length: columns }, (_, c) => u.reduce((sum, x, r) => sum + w[r * columns + c] * x, 0));
    norm = Math.hypot(...v);
    v = v.map((x) => x / norm);
  }
  return Math.sqrt(norm);
}

const frobeniusSquared = (w: ArrayLike<number>) => Array.from(w).reduce((sum, x) => sum + x * x, 0);

describe("treatment", () => {
  test("full touches nothing, frozen only freezes", () => {
    expect(apply("full")).toEqual({ ranks: new Map(), replaced: new Map(), frozen: new Set() });
    expect(apply("frozen")).toEqual({ ranks: new Map(), replaced: new Map(), frozen: new Set([matrix.parameter]) });
  });

  test("crystal is the best rank-1 approximation, as two frozen factors", () => {
    const { ranks, replaced, frozen } = apply("crystal");
    const [left, right] = [`${matrix.parameter}:left`, `${matrix.parameter}:right`];
    expect([...ranks]).toEqual([[matrix.parameter, 1]]);
    expect(frozen).toEqual(new Set([left, right]));
    const residual = Float64Array.from(
      trained,
      (x, i) => x - replaced.get(left)![Math.floor(i / columns)] * replaced.get(right)![i % columns],
    );
    // Eckart & Young: what is left over is the energy without the first singular value.
    const best = frobeniusSquared(trained) - spectralNorm(Float64Array.from(trained)) ** 2;
    expect(Math.abs(frobeniusSquared(residual) / best - 1)).toBeLessThan(1e-6);
  });

  test("a rank that stores no less than the matrix becomes a dense product", () => {
    const { ranks, replaced, frozen } = apply("crystal:8");
    expect(ranks.size).toBe(0);
    expect(frozen).toEqual(new Set([matrix.parameter]));
    expect(replaced.get(matrix.parameter)).toHaveLength(rows * columns);
    const full = apply("crystal:12").replaced.get(matrix.parameter)!;
    expect(Math.max(...full.map((x, i) => Math.abs(x - trained[i])))).toBeLessThan(1e-5);
  });

  test("random has the trained deviation, is drawn anew for each seed, and is the same for the same", () => {
    const values = apply("random").replaced.get(matrix.parameter)!;
    expect(Math.abs(deviation(values) / deviation(trained) - 1)).toBeLessThan(0.2);
    expect(apply("random").replaced.get(matrix.parameter)).toEqual(values);
    expect(apply("random", 6).replaced.get(matrix.parameter)).not.toEqual(values);
    const initial = apply("random:init").replaced.get(matrix.parameter)!;
    expect(Math.abs(deviation(initial) / 0.02 - 1)).toBeLessThan(0.2);
  });

  test("shuffled keeps the entries and moves them", () => {
    const values = apply("shuffled").replaced.get(matrix.parameter)!;
    expect(values).not.toEqual(trained);
    expect(values.slice().sort()).toEqual(trained.slice().sort());
  });

  test("trainable arms replace without freezing", () => {
    for (const arm of ["crystal:trainable", "random:trainable", "zero:trainable"]) {
      const { frozen, replaced, ranks } = apply(arm);
      expect([frozen.size, ranks.size, [...replaced.keys()]]).toEqual([0, 0, [matrix.parameter]]);
    }
    expect(
      apply("zero:trainable")
        .replaced.get(matrix.parameter)!
        .every((x) => x === 0),
    ).toBe(true);
  });

  test("an impossible rank and a matrix with NaN are refused", () => {
    expect(() => apply("crystal:13")).toThrow(UsageError);
    const broken = { ...matrix, trained: trained.with(7, Number.NaN) };
    expect(() => treat([broken], parseArm("frozen"), options)).toThrow(DivergedError);
  });

  test("the trained values are never written to", () => {
    const copy = trained.slice();
    for (const arm of ["frozen", "crystal", "random", "zero", "shuffled"]) apply(arm);
    expect(trained).toEqual(copy);
  });
});
