/** @file Chooses the rank of each matrix from a ladder, by what replacing it does before any fine-tuning. One forward pass a rung. */
import type { Arm } from "../crystal/arm.js";
import { makeTrialSpec, type TrialSpec } from "../crystal/trial-spec.js";
import { factorsAreSmaller } from "../foundation/factored-matrix.js";
import type { Candidate } from "./boundary-order.js";
import type { FineTuningSetting } from "./joint-trials.js";

export const rankLadder = [1, 2, 4, 8, 16, 32, 64, 128];

const crystal = (rank: number): Arm => ({ kind: "crystal", rank, trainable: false });

/** Rungs at which two factors are smaller than the matrix. */
const rungs = ({ rows, cols }: Candidate): number[] =>
  rankLadder.filter((rank) => rank <= Math.min(rows, cols) && factorsAreSmaller(rank, rows, cols));

const specOf = (rank: number, { name }: Candidate, setting: FineTuningSetting): TrialSpec =>
  makeTrialSpec(crystal(rank), [name], { ...setting, seed: 1, purpose: "sft" });

/** Trials whose losses before fine-tuning tell the ranks; none of them need be run. */
export function ladderSpecs(candidates: readonly Candidate[], setting: FineTuningSetting): TrialSpec[] {
  const full = makeTrialSpec({ kind: "full" }, [], { ...setting, seed: 1, purpose: "sft" });
  return [full, ...candidates.flatMap((candidate) => rungs(candidate).map((rank) => specOf(rank, candidate, setting)))];
}

/**
 * The lowest rung at which the loss before fine-tuning is within the margin of the untouched model's, else the highest that saves
 * anything. It is a guess: whether the rank holds is tested causally, alone and together.
 * @param lossesBefore by the trial's key. @returns null for a matrix too small for any rung.
 */
export function chooseRank(
  candidate: Candidate,
  lossesBefore: ReadonlyMap<string, number>,
  { margin, ...setting }: FineTuningSetting & { readonly margin: number },
): Arm | null {
  const [full] = ladderSpecs([], setting);
  const untouched = lossesBefore.get(full.key);
  const possible = rungs(candidate);
  if (possible.length === 0) return null;
  const found = possible.find((rank) => {
    const loss = lossesBefore.get(specOf(rank, candidate, setting).key);
    return loss !== undefined && untouched !== undefined && loss <= untouched * (1 + margin / 100);
  });
  return crystal(found ?? possible.at(-1)!);
}
