/** @file The plan of a fine-tuned checkpoint: its matrices, hashes, evidence and parameters. */
import { describe, expect, test } from "vitest";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { type PlannedMatrix, type PlanRecord, planRecord } from "../records/plan-record.js";
import { boundPlan, frozenMatrices } from "./sft-bound-plan.js";

const matrix = (name: string, rows: number, cols: number): CheckpointMatrix => ({
  ...{ name, tensor: `${name}.weight`, layer: null, role: name, expert: null, part: null, rows, cols, dtype: "F32" },
  ...{ transposed: false, stored: { elementBegin: 0, rows, cols } },
});
const all = [matrix("embed", 100, 8), matrix("a", 8, 8), matrix("b", 8, 24), matrix("c", 24, 8)];
const planned: PlannedMatrix[] = [
  { name: "a", action: "random", seed: 3, deviation: 0.02 },
  { name: "b", action: "crystal", rank: 2 },
];
const given: PlanRecord = {
  ...{ schema: "deadweight/plan@1", version: "0", model: "0".repeat(64), matrices: planned },
  evidence: { deltaPercent: 0.1, low: 0, high: 0.2, seeds: [1, 2], margin: 0.5, confidence: 0.95, confirmed: true },
  ...{ parameters: 2000, effectiveParameters: 1808 },
};

describe("the matrices that held still", () => {
  test("are those of the plan and what was frozen along the way, factors and biases apart", () => {
    const parameters = ["b.weight:left", "b.weight:right", "a.weight", "c.weight", "c.bias", "embed.weight"];
    expect(frozenMatrices(planned, parameters, all)).toEqual([
      ...planned,
      { name: "embed", action: "freeze" },
      { name: "c", action: "freeze" },
    ]);
  });
});

describe("a bound plan", () => {
  const base = { sha256: "base", parameters: 2000 };
  const result = { path: "out/best", sha256: "result" };

  test("is of the result, with what was shown of the plan", () => {
    const bound = boundPlan({ matrices: planned, given, base, result, all });
    expect(planRecord.parse(bound)).toEqual(bound);
    expect(bound).toMatchObject({ applied: true, base: "base", model: "result", source: "out/best" });
    expect(bound.evidence).toEqual(given.evidence);
    // 2000 - 8 x 8 - (8 x 24 - 2 (8 + 24))
    expect(bound.effectiveParameters).toBe(1808);
  });

  test("says that its evidence does not cover what was frozen besides", () => {
    const matrices = [...planned, { name: "c", action: "freeze" } as const];
    const { evidence, effectiveParameters } = boundPlan({ matrices, given, base, result, all });
    expect(evidence?.note).toBe("Of the first 2 matrices; progressive freezing added 1.");
    expect(effectiveParameters).toBe(1808);
    expect(boundPlan({ matrices, given: null, base, result, all }).evidence).toBeNull();
  });
});
