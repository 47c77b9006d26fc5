import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../foundation/errors.js";
import { logGamma, studentQuantile, studentTail } from "./student-t.js";

const fixture = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/statistics.json", import.meta.url), "utf8"),
) as Record<"tails" | "quantiles", [number, number, number][]>;

const distributions = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/distributions.json", import.meta.url), "utf8"),
) as Record<"tails" | "quantiles", [number, number, number][]>;

const relative = (found: number, wanted: number) => (wanted === 0 ? Math.abs(found) : Math.abs(found / wanted - 1));

describe("Student's t, against SciPy", () => {
  test("tails to 1e-10, also far out", () => {
    expect(fixture.tails.length).toBeGreaterThan(100);
    for (const [t, degrees, tail] of fixture.tails)
      expect(relative(studentTail(t, degrees), tail), `${t}, ${degrees}`).toBeLessThan(1e-10);
  });
  test("quantiles to 1e-10", () => {
    for (const [tail, degrees, t] of fixture.quantiles)
      expect(relative(studentQuantile(tail, degrees), t), `${tail}, ${degrees}`).toBeLessThan(1e-10);
  });
  test("both to 1e-10 over 1 to 200 degrees, down to a tail of 1e-12", () => {
    expect(distributions.quantiles.length).toBeGreaterThan(700);
    for (const [tail, degrees, t] of distributions.quantiles) {
      expect(relative(studentQuantile(tail, degrees), t), `quantile ${tail}, ${degrees}`).toBeLessThan(1e-10);
      expect(relative(studentTail(t, degrees), tail), `tail ${t}, ${degrees}`).toBeLessThan(1e-10);
    }
    for (const [t, degrees, tail] of distributions.tails)
      expect(relative(studentTail(t, degrees), tail), `tail ${t}, ${degrees}`).toBeLessThan(1e-10);
  });
  test("closed forms: one degree of freedom is Cauchy, two are algebraic", () => {
    for (const t of [0.1, 1, 7]) {
      expect(relative(studentTail(t, 1), 0.5 - Math.atan(t) / Math.PI)).toBeLessThan(1e-13);
      expect(relative(studentTail(t, 2), 0.5 * (1 - t / Math.sqrt(2 + t * t)))).toBeLessThan(1e-13);
    }
  });
  test("log-gamma of whole numbers is a log-factorial", () => {
    for (let n = 1, factorial = 1; n < 20; n++, factorial *= n - 1)
      expect(Math.abs(logGamma(n) - Math.log(factorial))).toBeLessThan(1e-13 * Math.max(1, Math.log(factorial)));
  });
  test("meaningless arguments are refused", () => {
    expect(() => studentTail(1, 0)).toThrow(ShapeError);
    expect(() => studentQuantile(0, 3)).toThrow(ShapeError);
    expect(() => studentQuantile(Number.NaN, 3)).toThrow(ShapeError);
  });
});
