import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeDifference } from "../../test/relative-difference.js";
import { randomStream } from "../foundation/random.js";
import { optimizerKernel } from "./optimizer-kernel.js";

const memory = new WebAssembly.Memory({ initial: 4 });
const numbers = new Float32Array(memory.buffer);
const kernel = optimizerKernel(memory);

describe("sumOfSquares", () => {
  it("is the plain sum in float64", () => {
    const values = fc.float32Array({ minLength: 4, maxLength: 100, noNaN: true, max: 2 ** 60, min: -(2 ** 60) });
    fc.assert(
      fc.property(values, (drawn) => {
        const given = drawn.subarray(0, drawn.length - (drawn.length % 4));
        numbers.set(given, 16);
        const sum = given.reduce((total, x) => total + x * x, 0);
        const found = kernel.sumOfSquares(64, given.byteLength);
        expect(Math.abs(found - sum)).toBeLessThanOrEqual(1e-13 * sum);
      }),
    );
  });

  it("does not lose small numbers beside large ones, as a float32 sum would", () => {
    const given = new Float32Array(40_000).fill(1e-2);
    given[0] = 1e3;
    numbers.set(given, 0);
    const expected = 1e6 + 39_999 * Math.fround(1e-2) ** 2;
    expect(kernel.sumOfSquares(0, given.byteLength) / expected - 1).toBeCloseTo(0, 12);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("shows %d in any lane", (value) => {
    for (let lane = 0; lane < 8; lane++) {
      numbers.fill(1, 0, 8);
      numbers[lane] = value;
      expect(kernel.sumOfSquares(0, 32)).toBe(value);
    }
  });

  it("reads nothing beside its stretch", () => {
    numbers.fill(Number.NaN, 0, 40);
    numbers.fill(2, 8, 24);
    expect(kernel.sumOfSquares(32, 64)).toBe(64);
  });
});

describe("adamw", () => {
  const size = 64;
  const [weight, gradient, first, second] = [0, 1, 2, 3].map((i) => i * 512);
  const at = (pointer: number) => numbers.subarray(pointer / 4, pointer / 4 + size);
  const [beta1, beta2, decay, stepSize, correction, epsilon, gradientScale] = [0.9, 0.95, 0.99, 0.02, 1.7, 1e-8, 0.5];

  it("is the formula in float64, and touches nothing beside its stretch", () => {
    const stream = randomStream(9, "adamw");
    numbers.fill(7);
    const drawn = Array.from({ length: 4 }, () => Float32Array.from({ length: size }, () => stream.normal()));
    drawn[3].forEach((value, i) => {
      drawn[3][i] = value * value;
    });
    [weight, gradient, first, second].forEach((pointer, i) => {
      at(pointer).set(drawn[i]);
    });
    const bytes = 4 * size - 64;
    kernel.adamw(
      weight,
      gradient,
      first,
      second,
      bytes,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      decay,
      stepSize,
      correction,
      epsilon,
      gradientScale,
    );
    const updated = size - 16;
    const [w, g, m, v] = drawn.map((values) => Float64Array.from(values.subarray(0, updated)));
    const scaled = g.map((value) => value * gradientScale);
    const newFirst = m.map((value, i) => beta1 * value + (1 - beta1) * scaled[i]);
    const newSecond = v.map((value, i) => beta2 * value + (1 - beta2) * scaled[i] ** 2);
    const newWeight = w.map(
      (value, i) => decay * value - (stepSize * newFirst[i]) / (Math.sqrt(newSecond[i]) * correction + epsilon),
    );
    expect(relativeDifference(at(first).subarray(0, updated), newFirst)).toBeLessThan(1e-6);
    expect(relativeDifference(at(second).subarray(0, updated), newSecond)).toBeLessThan(1e-6);
    expect(relativeDifference(at(weight).subarray(0, updated), newWeight)).toBeLessThan(1e-6);
    expect(at(gradient)).toEqual(drawn[1]);
    [weight, first, second].forEach((pointer, i) => {
      expect(at(pointer).subarray(updated)).toEqual(drawn[[0, 2, 3][i]].subarray(updated));
    });
    expect(numbers[(weight + 4 * size) / 4]).toBe(7);
  });

  it("leaves zeros as zeros", () => {
    for (const pointer of [weight, gradient, first, second]) at(pointer).fill(0);
    kernel.adamw(
      weight,
      gradient,
      first,
      second,
      4 * size,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      decay,
      stepSize,
      correction,
      epsilon,
      gradientScale,
    );
    for (const pointer of [weight, gradient, first, second]) expect(new Set(at(pointer))).toEqual(new Set([0]));
  });
});
