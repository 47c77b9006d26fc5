/** @file The trials of sets of matrices and what they are paired with, seed by seed. Decides nothing. */
import { makeJointSpec, makeTrialSpec, setFingerprint, type TrialSpec } from "../crystal/trial-spec.js";
import type { TrialRecord } from "../records/trial-record.js";
import { jointDeltas, type SeedDeltas } from "../statistics/joint-delta.js";
import type { MatrixSet } from "./boundary-search.js";

export interface FineTuningSetting {
  readonly steps: number;
  readonly learningRate: number;
}

/** `full`, and the set; a single matrix is the trial of the test. */
export function searchSpecs(
  set: MatrixSet,
  seeds: readonly number[],
  { steps, learningRate }: FineTuningSetting,
): TrialSpec[] {
  return seeds.flatMap((seed) => {
    const common = { seed, steps, learningRate };
    const full = makeTrialSpec({ kind: "full" }, [], { ...common, purpose: "sft" });
    const own =
      set.length === 1
        ? makeTrialSpec(set[0].arm, [set[0].name], { ...common, purpose: "sft" })
        : makeJointSpec(set, { ...common, purpose: "joint" });
    return [full, own];
  });
}

/** `full` and the set, on a held-out part of their own. */
export function confirmationSpecs(
  set: MatrixSet,
  seeds: readonly number[],
  part: number,
  { steps, learningRate }: FineTuningSetting,
): TrialSpec[] {
  return seeds.flatMap((seed) => {
    const common = { seed, steps, learningRate, part, purpose: "confirmation" as const };
    return [makeJointSpec([], common), makeJointSpec(set, common)];
  });
}

/** Of what the specs of one set asked for. */
export function deltasOf(records: readonly TrialRecord[]): SeedDeltas {
  return jointDeltas(
    records.filter(({ arm }) => arm !== "full"),
    records.filter(({ arm }) => arm === "full"),
  );
}

/** Equal for sets that are the same treatment. */
export const setKey = (set: MatrixSet): string => `${set.length} ${setFingerprint(set)}`;
