/** @file The arguments of `deadweight boundary`, parsed and checked. */
import { UsageError } from "../foundation/errors.js";
import { actionName, type BoundaryAction } from "../study/boundary-action.js";
import { firstSeedOf, furtherSearchSeeds, mostSeeds } from "../study/boundary-seeds.js";
import { type ComputeArguments, computeArguments, type RawComputeOptions } from "./compute-arguments.js";
import { type DataArguments, dataArguments, type RawDataOptions } from "./data-arguments.js";
import { optional, parseConfidence, positiveInteger, positiveNumber, wholeNumber } from "./option-values.js";

export interface BoundaryArguments extends DataArguments, ComputeArguments {
  /** Globs; empty for every matrix of a layer. */
  readonly matrices: readonly string[];
  readonly actions: readonly BoundaryAction[];
  readonly likePaper: boolean;
  readonly evidenceSeeds: number;
  readonly searchSeeds: number;
  readonly maxSeeds: number;
  readonly attempts: number;
  readonly passOver: number;
  /** Of each action; null: as many as it takes. */
  readonly maxTrials: number | null;
  readonly maxHours: number | null;
  readonly steps: number;
  readonly margin: number;
  readonly confidence: number;
  readonly out: string | null;
  readonly json: string | null;
  readonly dryRun: boolean;
}

/** As commander gives them. */
export interface RawBoundaryOptions extends RawDataOptions, RawComputeOptions {
  readonly matrix?: string[];
  readonly action: string;
  readonly likePaper?: boolean;
  readonly evidenceSeeds: string;
  readonly searchSeeds: string;
  readonly maxSeeds: string;
  readonly attempts: string;
  readonly passOver: string;
  readonly maxTrials?: string;
  readonly maxHours?: string;
  readonly steps: string;
  readonly margin: string;
  readonly confidence: string;
  readonly out?: string;
  readonly json?: string;
  readonly dryRun?: boolean;
}

/** Fewer seeds tell too little of the variance to decide on. */
export const firstLook = 3;

function parseAction(word: string): BoundaryAction {
  if (word === "freeze" || word === "random" || word === "zero" || word === "cheapest") return { kind: word };
  const found = /^crystal(?::(\d+))?$/.exec(word);
  const rank = found?.[1] === undefined ? null : Number(found[1]);
  if (found === null || rank === 0)
    throw new UsageError(`Unknown action '${word}'. Accepted: freeze, crystal, crystal:k, random, zero, cheapest.`);
  return { kind: "crystal", rank };
}

function parseActions(list: string): BoundaryAction[] {
  const words = list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const actions = new Map(words.map((word) => [word, parseAction(word)]));
  if (actions.size === 0) throw new UsageError("--action names none. E.g. freeze, or freeze,crystal,random.");
  return [...new Map([...actions.values()].map((action) => [actionName(action), action])).values()];
}

/** @throws UsageError for more than there are before those of a confirmation begin. */
function numberOfSeeds(text: string, option: string, most = mostSeeds): number {
  const value = positiveInteger(text, option);
  if (value > most)
    throw new UsageError(
      `${option} is ${value}; it is at most ${most}: seeds from ${firstSeedOf(0)}, ${firstSeedOf(1)}, ... on are those of one confirmation each.`,
    );
  return value;
}

/** @throws UsageError naming the option and what it takes. */
export function boundaryArguments(raw: RawBoundaryOptions): BoundaryArguments {
  const maxSeeds = numberOfSeeds(raw.maxSeeds, "--max-seeds");
  if (maxSeeds < firstLook)
    throw new UsageError(`--max-seeds is ${maxSeeds}; it is at least ${firstLook}, where the first look is taken.`);
  const searchSeeds = numberOfSeeds(raw.searchSeeds, "--search-seeds", mostSeeds - furtherSearchSeeds);
  if (searchSeeds < 2)
    throw new UsageError(`--search-seeds is ${searchSeeds}; a set needs at least 2 to be told from noise.`);
  return {
    ...dataArguments(raw),
    ...computeArguments(raw),
    ...{ matrices: raw.matrix ?? [], actions: parseActions(raw.action), likePaper: raw.likePaper ?? false },
    evidenceSeeds: numberOfSeeds(raw.evidenceSeeds, "--evidence-seeds"),
    ...{ searchSeeds, maxSeeds },
    attempts: positiveInteger(raw.attempts, "--attempts"),
    passOver: wholeNumber(raw.passOver, "--pass-over"),
    maxTrials: optional(raw.maxTrials, "--max-trials", positiveInteger),
    maxHours: optional(raw.maxHours, "--max-hours", positiveNumber),
    steps: positiveInteger(raw.steps, "--steps"),
    margin: positiveNumber(raw.margin, "--margin"),
    confidence: parseConfidence(raw.confidence),
    ...{ out: raw.out ?? null, json: raw.json ?? null, dryRun: raw.dryRun ?? false },
  };
}
