/** @file Which trials the test of some matrices consists of, in the order they are best run. Runs none. */
import type { Arm } from "../crystal/arm.js";
import { makeTrialSpec, type TrialSpec } from "../crystal/trial-spec.js";

export interface MatrixTest {
  /** Canonical names; those of one target are treated together. */
  readonly targets: readonly (readonly string[])[];
  /** Besides `full`, which is shared by all targets. */
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly learningRate: number;
}

/** Seed by seed, so that an interrupted run holds whole pairs: `full`, then every arm of every target, then `full` on another data order. */
export function matrixTestSpecs({ targets, arms, seeds, steps, learningRate }: MatrixTest): TrialSpec[] {
  return seeds.flatMap((seed) => {
    const common = { seed, steps, learningRate };
    const full: Arm = { kind: "full" };
    return [
      makeTrialSpec(full, [], { ...common, purpose: "sft" }),
      ...targets.flatMap((names) => arms.map((arm) => makeTrialSpec(arm, names, { ...common, purpose: "sft" }))),
      makeTrialSpec(full, [], { ...common, purpose: "aa" }),
    ];
  });
}
