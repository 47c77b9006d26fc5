/** @file How many trials a boundary search comes to, before it starts. Runs none. */
import { UsageError } from "../foundation/errors.js";
import { doublingSizes } from "../study/boundary-search.js";
import { type BoundaryArguments, firstLook } from "./boundary-arguments.js";
import { learningRates } from "./learning-rates.js";

export interface BoundarySize {
  /** Everything before the search and the shortest search and confirmation. */
  readonly least: number;
  /** With a bisection, passed-over matrices, and confirmations of medium length. */
  readonly likely: number;
}

/** @param groups sets that are asked for besides. */
export function boundarySize(candidates: number, groups: number, args: BoundaryArguments): BoundarySize {
  const { actions, evidenceSeeds, searchSeeds, maxSeeds, passOver, learningRate } = args;
  const rates = learningRate === null ? learningRates.length : 0;
  const curve = doublingSizes(candidates).length * searchSeeds;
  const bisection = Math.max(0, Math.ceil(Math.log2(Math.max(2, candidates))) - 2) * searchSeeds;
  const each = actions.map(({ kind }) => {
    const arms = kind === "cheapest" ? 2 : 1;
    const evidence = evidenceSeeds * candidates * arms;
    return {
      least: evidence + curve + firstLook,
      likely: evidence + curve + bisection + passOver * searchSeeds + Math.min(maxSeeds, 8),
    };
  });
  const sum = (key: "least" | "likely") => each.reduce((total, own) => total + own[key], 0);
  const full = rates + Math.max(evidenceSeeds, searchSeeds) + groups * searchSeeds;
  return { least: full + firstLook + sum("least"), likely: full + Math.min(maxSeeds, 8) + sum("likely") };
}

/** @throws UsageError where a budget ends before there is anything to confirm. */
export function demandBudget(candidates: number, args: BoundaryArguments): void {
  const { maxTrials, actions } = args;
  if (maxTrials === null) return;
  for (const action of actions) {
    const { least } = boundarySize(candidates, 0, { ...args, actions: [action] });
    if (maxTrials < least)
      throw new UsageError(
        `--max-trials is ${maxTrials}; with ${candidates} matrices the evidence, the curve and one look at a confirmation take ${least}. Allow more, or fewer matrices by --matrix, or fewer seeds by --evidence-seeds and --search-seeds.`,
      );
  }
}
