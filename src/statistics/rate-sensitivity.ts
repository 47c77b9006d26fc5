/** @file The verdicts at other learning rates beside the test's own. Runs nothing. */
import type { RateSensitivity } from "../records/test-record.js";
import type { TrialRecord } from "../records/trial-record.js";
import { type JudgeOptions, judge } from "./verdict.js";

/** Of the test's rate. */
export const sensitivityFactors = [0.5, 2];

/** Judged like the test itself, but at once: a sensitivity has as many seeds as it was given. */
export function rateSensitivity(
  trials: readonly TrialRecord[],
  { margin, confidence }: Pick<JudgeOptions, "margin" | "confidence">,
): RateSensitivity[] {
  const others = trials.filter(({ purpose }) => purpose === "sensitivity");
  const rates = [...new Set(others.map(({ learningRate }) => learningRate))].sort((a, b) => a - b);
  return rates.map((learningRate) => {
    const own = others
      .filter((trial) => trial.learningRate === learningRate)
      .map((trial) => ({ ...trial, purpose: "sft" as const }));
    const { matrices } = judge(own, {
      ...(margin !== undefined && { margin }),
      ...(confidence !== undefined && { confidence }),
    });
    return {
      learningRate,
      matrices: matrices.map(({ name, verdict, arms }) => ({
        ...{ name, verdict },
        arms: Object.fromEntries(Object.entries(arms).map(([arm, { meanDeltaPercent }]) => [arm, meanDeltaPercent])),
      })),
    };
  });
}
