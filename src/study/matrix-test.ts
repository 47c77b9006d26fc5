/** @file Which trials the test of some matrices consists of, in the order they are best run. Runs none. */
import { type Arm, armName, parseArm } from "../crystal/arm.js";
import { makeTrialSpec, type TrialSpec } from "../crystal/trial-spec.js";

export interface MatrixTest {
  /** Canonical names; those of one target are treated together. */
  readonly targets: readonly (readonly string[])[];
  /** Besides `full`, which is shared by all targets. */
  readonly arms: readonly Arm[];
  readonly steps: number;
  readonly learningRate: number;
}

/** Whole numbers from the first to the last, both included. */
export const seedsFrom = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

export interface ArmOfTarget {
  readonly matrices: readonly string[];
  /** As in records: `crystal:8`. */
  readonly arm: string;
}

export function everyArm({ targets, arms }: MatrixTest): ArmOfTarget[] {
  return targets.flatMap((matrices) => arms.map((arm) => ({ matrices, arm: armName(arm) })));
}

/** `full`, then the arms, then `full` on another data order. */
export function seedSpecs(
  { steps, learningRate }: MatrixTest,
  seed: number,
  arms: readonly ArmOfTarget[],
): TrialSpec[] {
  const common = { seed, steps, learningRate };
  const full: Arm = { kind: "full" };
  return [
    makeTrialSpec(full, [], { ...common, purpose: "sft" }),
    ...arms.map(({ matrices, arm }) => makeTrialSpec(parseArm(arm), matrices, { ...common, purpose: "sft" })),
    makeTrialSpec(full, [], { ...common, purpose: "aa" }),
  ];
}

/** The paired trials at another learning rate: `full` and every arm, once a seed. */
export function sensitivitySpecs(test: MatrixTest, learningRate: number, seeds: readonly number[]): TrialSpec[] {
  const full: Arm = { kind: "full" };
  return seeds.flatMap((seed) => {
    const common = { seed, steps: test.steps, learningRate, purpose: "sensitivity" as const };
    return [
      makeTrialSpec(full, [], common),
      ...everyArm(test).map(({ matrices, arm }) => makeTrialSpec(parseArm(arm), matrices, common)),
    ];
  });
}

/** Seed by seed, so that an interrupted run holds whole pairs. */
export function matrixTestSpecs(test: MatrixTest, seeds: readonly number[]): TrialSpec[] {
  return seeds.flatMap((seed) => seedSpecs(test, seed, everyArm(test)));
}
