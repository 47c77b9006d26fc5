import { describe, expect, it } from "vitest";
import { randomStream } from "../foundation/random.js";
import { fitTail } from "./tail-fit.js";

/** Quantiles of p(x) ~ x^-alpha above 1. */
const pareto = (n: number, alpha: number) =>
  Float64Array.from({ length: n }, (_, i) => ((i + 0.5) / n) ** (-1 / (alpha - 1)));

describe("fitTail", () => {
  it.each([1.5, 2, 3.7])("finds the exponent of a power law: %f", (alpha) => {
    const fit = fitTail(pareto(400, alpha))!;
    expect(Math.abs(fit.exponent / alpha - 1)).toBeLessThan(0.03);
    expect(fit.ks).toBeLessThan(0.01);
  });

  it("finds where the tail begins above a body that is none", () => {
    const stream = randomStream(1, "body");
    const body = Float64Array.from({ length: 300 }, () => 0.2 + 0.8 * stream.uniform());
    const values = Float64Array.from([...pareto(200, 2.5), ...body])
      .sort()
      .reverse();
    const fit = fitTail(values)!;
    expect(fit.start).toBeGreaterThan(0.85);
    expect(fit.start).toBeLessThan(1.5);
    expect(Math.abs(fit.exponent - 2.5)).toBeLessThan(0.3);
  });

  it("takes weights as repetitions", () => {
    const values = Float64Array.of(9, 5, 4, 2, 1);
    const weights = Float64Array.of(1, 2, 1, 3, 2);
    const repeated = Float64Array.from(
      [...values].flatMap((value, i) => Array.from({ length: weights[i] }, () => value)),
    );
    const [weighted, plain] = [fitTail(values, weights)!, fitTail(repeated)!];
    expect(weighted.exponent).toBeCloseTo(plain.exponent, 12);
    expect(weighted.count).toBe(plain.count);
    // Steps between equal values are no steps of the distribution.
    expect(weighted.ks).toBeCloseTo(plain.ks, 12);
  });

  it("has nothing to say where no two values differ", () => {
    expect(fitTail(Float64Array.of(3))).toBeNull();
    expect(fitTail(Float64Array.of(3, 3, 3))).toBeNull();
    expect(fitTail(new Float64Array(0))).toBeNull();
    expect(fitTail(Float64Array.of(4, 2))!.exponent).toBeCloseTo(1 + 2 / Math.LN2, 12);
  });
});
