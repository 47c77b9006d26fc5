/** @file Which trials try the test itself: on something that must not matter, on something that must, and on weights taken at random. Runs none. */
import type { Arm } from "../crystal/arm.js";
import { plantedMatrix, scatteredName } from "../crystal/control-matrices.js";
import { makeTrialSpec, type TrialSpec } from "../crystal/trial-spec.js";

export interface ControlTrials {
  /** Canonical names of all attention matrices. */
  readonly attention: readonly string[];
  /** Elements of a target: as many are frozen at random for comparison. */
  readonly targetElements: number;
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly learningRate: number;
}

/** Seeds of the controls, at most: they are far from the margin, and need no more to show it. */
export const controlSeeds = 3;

/** Stands for all attention matrices in a trial's key. */
const attentionLabel = (count: number): string => `all attention (${count} matrices)`;

const random: Arm = { kind: "random", scale: "trained", trainable: false };

export function controlSpecs({ attention, targetElements, seeds, steps, learningRate }: ControlTrials): TrialSpec[] {
  return seeds.slice(0, controlSeeds).flatMap((seed) => {
    const common = { seed, steps, learningRate, purpose: "control" as const };
    return [
      makeTrialSpec(random, [plantedMatrix], common),
      ...(attention.length > 0
        ? [makeTrialSpec(random, attention, { ...common, label: attentionLabel(attention.length) })]
        : []),
      makeTrialSpec({ kind: "frozen" }, [scatteredName(targetElements)], common),
    ];
  });
}
