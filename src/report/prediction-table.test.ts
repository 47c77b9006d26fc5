import { describe, expect, it } from "vitest";
import { olderTestRecord } from "../../test/sample-test-record.js";
import type { SpectralPrediction, TestRecord } from "../records/test-record.js";
import { predictionSentence, predictionTable } from "./prediction-table.js";

const found = (rho: number | null, half: number, p: number | null, other: Partial<SpectralPrediction> = {}) => ({
  ...{ measure: "depth", arm: "frozen", n: 8, rho, p },
  ...{ low: rho === null ? null : rho - half, high: rho === null ? null : rho + half },
  ...other,
});
const withAll = (...prediction: SpectralPrediction[]): TestRecord => ({ ...olderTestRecord(), prediction });

describe("predictionSentence", () => {
  it("says that nothing is shown where no interval excludes zero", () => {
    const text = predictionSentence(withAll(found(0.01, 0.4, 0.9), found(-0.02, 0.4, 0.9, { arm: "random" })));
    expect(text).toMatch(/^No measure is shown to predict the cost: of 2 pairs .* about 0\.1 would/);
    expect(text).toContain("the smallest p, 0.900 uncorrected (depth with random), is 1.000 when multiplied");
  });

  it("calls a relation shown only where it stands the correction for all tries", () => {
    const weak = predictionSentence(withAll(found(0.7, 0.3, 0.03), found(0.1, 0.5, 0.8, { measure: "pr / noise" })));
    expect(weak).toMatch(/^No measure is shown .* 1 has a 95% interval/);
    expect(weak).toContain("the smallest p, 0.030 uncorrected (depth with frozen), is 0.060 when multiplied");
    const strong = predictionSentence(withAll(found(0.95, 0.04, 0.0004), found(0.1, 0.5, 0.8, { arm: "random" })));
    expect(strong).toMatch(/^depth is shown to go with the cost of frozen: .* < 0\.001 uncorrected/);
  });

  it("says so where there are no intervals, and nothing where there is no figure", () => {
    expect(predictionSentence(withAll(found(null, 0, null)))).toContain("cannot be said");
    expect(predictionSentence(withAll())).toBeNull();
    expect(predictionTable(withAll())).toBeNull();
  });
});

describe("predictionTable", () => {
  it("gives n for each figure where they differ, and dashes where there is none", () => {
    const table = predictionTable(
      withAll(found(0.5, 0.4, 0.0002), found(0.1, 0.5, 0.8, { arm: "random", measure: "parameters", n: 7 })),
    )!;
    expect(table.rows.map(({ cells }) => cells)).toEqual([
      ["depth", "+0.50 [+0.10, +0.90]", "< 0.001", "8", "–", "–", "–"],
      ["parameters", "–", "–", "–", "+0.10 [-0.40, +0.60]", "0.800", "7"],
    ]);
  });
});
