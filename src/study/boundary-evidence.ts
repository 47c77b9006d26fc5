/** @file What each matrix costs alone: the trials that order the search. Decides which arm each matrix is given. */
import type { Arm } from "../crystal/arm.js";
import { makeTrialSpec, type TrialSpec } from "../crystal/trial-spec.js";
import type { TrialRecord } from "../records/trial-record.js";
import { jointDeltas } from "../statistics/joint-delta.js";
import { actionName, type BoundaryAction } from "./boundary-action.js";
import { type Candidate, type Evidence, orderByEvidence, type SingleCost } from "./boundary-order.js";
import type { FineTuningSetting } from "./joint-trials.js";
import { seedsFrom } from "./matrix-test.js";
import { chooseRank } from "./rank-choice.js";

export interface EvidenceOptions extends FineTuningSetting {
  readonly candidates: readonly Candidate[];
  readonly seeds: number;
  readonly margin: number;
  /** Of the ladder's trials, by their keys. */
  readonly lossesBefore: ReadonlyMap<string, number>;
  readonly run: (specs: readonly TrialSpec[], stage: string) => Promise<readonly TrialRecord[]>;
}

const frozen: Arm = { kind: "frozen" };
const random: Arm = { kind: "random", scale: "trained", trainable: false };

/** The arms that a matrix may get, most saving first; the later ones where the earlier fail. */
function armsFor(action: BoundaryAction, candidate: Candidate, options: EvidenceOptions): Arm[] {
  const atChosenRank = () => {
    const arm = chooseRank(candidate, options.lossesBefore, options);
    return arm === null ? [] : [arm];
  };
  switch (action.kind) {
    case "freeze":
      return [frozen];
    case "random":
      return [random];
    case "zero":
      return [{ kind: "zero", trainable: false }];
    case "crystal": {
      const { rank } = action;
      if (rank === null) return atChosenRank();
      return rank <= Math.min(candidate.rows, candidate.cols) ? [{ kind: "crystal", rank, trainable: false }] : [];
    }
    case "cheapest":
      return [random, ...atChosenRank(), frozen];
    default:
      return action satisfies never;
  }
}

async function costsOf(
  asked: readonly { readonly candidate: Candidate; readonly arm: Arm }[],
  stage: string,
  { seeds, steps, learningRate, run }: EvidenceOptions,
): Promise<SingleCost[]> {
  if (asked.length === 0) return [];
  const specs = seedsFrom(1, seeds).flatMap((seed) => {
    const common = { seed, steps, learningRate, purpose: "sft" as const };
    const full = makeTrialSpec({ kind: "full" }, [], common);
    return [full, ...asked.map(({ candidate, arm }) => makeTrialSpec(arm, [candidate.name], common))];
  });
  const records = await run(specs, stage);
  const full = records.filter(({ arm }) => arm === "full");
  return asked.map((own, index) => {
    const mine = seedsFrom(1, seeds).map((_, seed) => records[seed * (asked.length + 1) + index + 1]);
    return { ...own, deltas: jointDeltas(mine, full) };
  });
}

/** Matrices that an action cannot be applied to, or whose trials failed, are left out. @returns in the order of the search. */
export async function findEvidence(action: BoundaryAction, options: EvidenceOptions): Promise<Evidence[]> {
  const found: Evidence[] = [];
  let waiting = options.candidates.map((candidate) => ({ candidate, arms: armsFor(action, candidate, options) }));
  for (let round = 0; waiting.some(({ arms }) => arms.length > round); round++) {
    const asked = waiting.flatMap(({ candidate, arms }) =>
      arms.length > round ? [{ candidate, arm: arms[round] }] : [],
    );
    const stage = `${actionName(action)}: one by one`;
    const costs = orderByEvidence((await costsOf(asked, stage, options)).filter(({ deltas }) => deltas.length > 0));
    const holding = new Set<string>();
    for (const cost of costs) {
      const last = waiting.find(({ candidate }) => candidate === cost.candidate)!.arms.length === round + 1;
      if (!last && (cost.high ?? cost.mean) >= options.margin) continue;
      found.push(cost);
      holding.add(cost.candidate.name);
    }
    waiting = waiting.filter(({ candidate }) => !holding.has(candidate.name));
  }
  return orderByEvidence(found);
}
