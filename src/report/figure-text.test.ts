import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absent, count, decimalsFor, delta, duration, fixed, plusMinus, ratio, signed } from "./figure-text.js";

const between = (mean: number, low: number | null, high: number | null) => ({ mean, low, high, n: 3 });

describe("figures", () => {
  it("are an en dash where they do not exist", () => {
    expect([null, undefined, Number.NaN, Number.POSITIVE_INFINITY].map((value) => fixed(value, 2))).toEqual(
      Array(4).fill("–"),
    );
    expect([signed(null, 1), ratio(1, 0), ratio(null, 2), ratio(3, null)]).toEqual(Array(4).fill(absent));
  });

  it("have no negative zero and no sign at zero", () => {
    expect([fixed(-0.004, 2), fixed(-0.4, 0), signed(0.004, 2), signed(-0.006, 2)]).toEqual([
      "0.00",
      "0",
      "0.00",
      "-0.01",
    ]);
  });

  it("count and time in units that people use", () => {
    expect([count(15_007), count(999), count(10_291_712), count(7e9)]).toEqual(["15,007", "999", "10.29M", "7.00B"]);
    expect([duration(12.4), duration(250), duration(7500), duration(3599.7)]).toEqual([
      "12 s",
      "4 min 10 s",
      "2 h 05 min",
      "1 h 00 min",
    ]);
  });
});

describe("rounding to the error", () => {
  it("shows two significant digits of the half-width", () => {
    expect([0.0314, 0.1, 0.99, 3.14, 31.4, 314].map(decimalsFor)).toEqual([3, 2, 2, 1, 0, 0]);
    expect(plusMinus(between(2.22661, 2.21, 2.24322), 4)).toBe("2.227 ± 0.017");
    expect(delta(between(0.1234, -0.0466, 0.2934), 0.5)).toBe("+0.12 [-0.05, +0.29]");
  });

  it("shows the mean alone where there is no interval, or one without width", () => {
    expect(plusMinus(between(2.22661, null, null), 4)).toBe("2.2266");
    expect(plusMinus(between(2.22661, 2.22661, 2.22661), 4)).toBe("2.2266");
    expect(plusMinus(between(2.22661, 2.22661 - 2 ** -51, 2.22661 + 2 ** -51), 4)).toBe("2.2266");
    expect(delta(between(-1.612, null, null), 0.5)).toBe("-1.61");
    expect(delta(between(0, 0, 0), 0.5)).toBe("0.00");
    expect(delta({ mean: null, low: null, high: null, n: 0 }, 0.5)).toBe("–");
  });

  it("never carries a bound onto or over the margin", () => {
    expect(delta(between(0.3181, 0.1373, 0.4989), 0.5)).toBe("+0.318 [+0.137, +0.499]");
    const bound = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.constantFrom(0.2, 0.5, 1), (a, b, margin) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(high - low > 1e-3 && Math.abs(low - margin) > 1e-5 && Math.abs(high - margin) > 1e-5);
        const text = delta(between((low + high) / 2, low, high), margin);
        const [shownLow, shownHigh] = text
          .match(/[-+]?[\d.]+/g)!
          .slice(1)
          .map(Number);
        expect(Math.sign(shownLow - margin)).toBe(Math.sign(low - margin));
        expect(Math.sign(shownHigh - margin)).toBe(Math.sign(high - margin));
      }),
    );
  });
});

it.each([
  [0.4, "0 s"],
  [59.4, "59 s"],
  [60, "1 min 00 s"],
  [3599, "59 min 59 s"],
  [7500, "2 h 05 min"],
])("%d seconds read %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
