import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosineLearningRate, learningRateAt } from "./schedule.js";

const schedule = { peak: 8e-4, steps: 50, warmup: 5 };

describe("the cosine schedule", () => {
  it("warms up in equal steps and is at the peak when warm", () => {
    const rates = [0, 1, 2, 3, 4].map((step) => cosineLearningRate(schedule, step) / 8e-4);
    [0.2, 0.4, 0.6, 0.8, 1].forEach((share, step) => {
      expect(rates[step]).toBeCloseTo(share, 12);
    });
    expect(cosineLearningRate(schedule, 5)).toBe(8e-4);
  });

  it("follows half a cosine to zero", () => {
    // cos(pi / 3) = 1/2 a third of the way, cos(pi / 2) = 0 half way, cos(2 pi / 3) = -1/2 two thirds of the way.
    expect(cosineLearningRate(schedule, 5 + 15)).toBeCloseTo(8e-4 * 0.75, 12);
    expect(cosineLearningRate({ ...schedule, steps: 45 }, 5 + 20)).toBeCloseTo(4e-4, 12);
    expect(cosineLearningRate(schedule, 5 + 30)).toBeCloseTo(8e-4 * 0.25, 12);
    expect(cosineLearningRate(schedule, 50)).toBeCloseTo(0, 12);
    expect(cosineLearningRate(schedule, 49)).toBeGreaterThan(0);
  });

  it("ends at the floor", () => {
    const floored = { ...schedule, floor: 0.1 };
    expect(cosineLearningRate(floored, 5)).toBeCloseTo(8e-4, 12);
    expect(cosineLearningRate(floored, 50)).toBeCloseTo(8e-5, 12);
    expect(cosineLearningRate({ ...floored, steps: 45 }, 25)).toBeCloseTo(8e-4 * 0.55, 12);
  });

  it("needs no warm-up, and survives one as long as the training", () => {
    expect(cosineLearningRate({ ...schedule, warmup: 0 }, 0)).toBe(8e-4);
    expect(cosineLearningRate({ peak: 1, steps: 3, warmup: 3 }, 2)).toBe(1);
    expect(cosineLearningRate({ peak: 1, steps: 1, warmup: 0 }, 0)).toBe(1);
  });

  it("never leaves the range from the floor to the peak, and never rises after the warm-up", () => {
    const schedules = fc.record({
      peak: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      steps: fc.integer({ min: 1, max: 300 }),
      warmup: fc.integer({ min: 0, max: 50 }),
      floor: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(schedules, (drawn) => {
        const rates = Array.from({ length: drawn.steps }, (_, step) => cosineLearningRate(drawn, step));
        rates.forEach((rate, step) => {
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(drawn.peak * (1 + 1e-12));
          if (step >= drawn.warmup) {
            expect(rate).toBeGreaterThanOrEqual(drawn.floor * drawn.peak * (1 - 1e-12));
            if (step > drawn.warmup) expect(rate).toBeLessThanOrEqual(rates[step - 1] * (1 + 1e-12));
          }
        });
      }),
    );
  });
});

describe("the schedules", () => {
  const given = { peak: 1e-3, warmupSteps: 4, finalShare: 0.2 };
  const rates = (kind: "cosine" | "linear" | "constant") =>
    Array.from({ length: 14 }, (_, step) => learningRateAt({ ...given, kind }, 14, step) / 1e-3);

  it("warm up alike", () => {
    for (const kind of ["cosine", "linear", "constant"] as const)
      [0.25, 0.5, 0.75, 1, 1].forEach((share, step) => {
        expect(rates(kind)[step]).toBeCloseTo(share, 12);
      });
  });

  it("then stay, fall in equal steps, or follow half a cosine", () => {
    expect(rates("constant").slice(4)).toEqual(new Array(10).fill(1));
    expect(rates("linear")[9]).toBeCloseTo(0.6, 12);
    expect(rates("linear")[13]).toBeCloseTo(1 - 0.8 * 0.9, 12);
    expect(rates("cosine")[9]).toBeCloseTo(0.6, 12);
    const cosine = { peak: 1e-3, steps: 14, warmup: 4, floor: 0.2 };
    rates("cosine").forEach((rate, step) => {
      expect(rate).toBe(cosineLearningRate(cosine, step) / 1e-3);
    });
  });
});
