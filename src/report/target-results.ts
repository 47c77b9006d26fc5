/** @file The targets of a test, each with its verdict and the figures of its arms side by side. Draws nothing. */
import type { ArmFigures } from "../records/arm-figures.js";
import type { TestedTarget, TestRecord } from "../records/test-record.js";
import type { ArmSummary, MatrixVerdict } from "../records/verdicts-record.js";
import { targetLabel } from "./target-label.js";

export type Verdict = MatrixVerdict["verdict"];

/** From what carries nothing to what is needed. */
export const verdictOrder: readonly Verdict[] = ["redundant", "low-rank", "freezable", "needed", "undecided"];

export interface ArmResult {
  readonly arm: string;
  readonly figures: ArmFigures;
  /** Undefined where no trial of the arm was judged. */
  readonly summary: ArmSummary | undefined;
}

export interface TargetResult {
  readonly target: TestedTarget;
  readonly label: string;
  /** Without trials nothing is decided. */
  readonly verdict: Verdict;
  readonly judged: MatrixVerdict | undefined;
  /** Without `full`. */
  readonly arms: readonly ArmResult[];
}

/** In the order of the record. */
export function targetResults({ targets, verdicts }: TestRecord): TargetResult[] {
  const judgedOf = new Map(verdicts.matrices.map((matrix) => [matrix.name, matrix]));
  return targets.map((target) => {
    const judged = judgedOf.get(target.name);
    return {
      target,
      label: targetLabel(target),
      verdict: judged?.verdict ?? "undecided",
      judged,
      arms: target.arms
        .filter(({ arm }) => arm !== "full")
        .map(({ arm, ...figures }) => ({ arm, figures, summary: judged?.arms[arm] })),
    };
  });
}

/** `full` first, then every arm in the order of its first appearance: what each looks like follows from its place here. */
export function armNamesOf(results: readonly TargetResult[]): string[] {
  return [...new Set(["full", ...results.flatMap(({ arms }) => arms.map(({ arm }) => arm))])];
}
