/** @file The arguments of `deadweight test`, parsed and checked. */
import { type Arm, armName, parseArm } from "../crystal/arm.js";
import { UsageError } from "../foundation/errors.js";
import { type ComputeArguments, computeArguments, type RawComputeOptions } from "./compute-arguments.js";
import { type DataArguments, dataArguments, type RawDataOptions } from "./data-arguments.js";
import { parseConfidence, positiveInteger, positiveNumber } from "./option-values.js";

export interface TestArguments extends DataArguments, ComputeArguments {
  /** Globs; empty for all attention output projections. */
  readonly matrices: readonly string[];
  readonly together: boolean;
  /** Besides `full`. */
  readonly arms: readonly Arm[];
  /** Null: until everything is decided, at most `maxSeeds`. */
  readonly seeds: number | null;
  readonly maxSeeds: number;
  readonly controls: boolean;
  readonly sensitivity: boolean;
  readonly likePaper: boolean;
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly margin: number;
  readonly confidence: number;
  readonly out: string | null;
  readonly json: string | null;
  readonly dryRun: boolean;
}

/** As commander gives them. */
export interface RawTestOptions extends RawDataOptions, RawComputeOptions {
  readonly matrix?: string[];
  readonly together?: boolean;
  readonly arms: string;
  readonly seeds: string;
  readonly maxSeeds?: string;
  readonly controls?: boolean;
  readonly lrSensitivity?: boolean;
  readonly likePaper?: boolean;
  readonly steps: string;
  readonly margin: string;
  readonly confidence: string;
  readonly out?: string;
  readonly json?: string;
  readonly dryRun?: boolean;
}

const measurements = 5;
/** Fewer seeds tell too little of the variance to decide on. */
export const firstLook = 3;
const usualMaxSeeds = 20;

function parseArms(list: string): Arm[] {
  const words = list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const arms = new Map(words.map((word) => [armName(parseArm(word)), parseArm(word)]));
  // It always runs: everything is paired with it.
  arms.delete("full");
  if (arms.size === 0)
    throw new UsageError("--arms names none besides full, which always runs. E.g. frozen,crystal,random.");
  return [...arms.values()];
}

/** The first look is at three seeds. */
function parseMaxSeeds({ maxSeeds, seeds }: RawTestOptions): number {
  if (maxSeeds === undefined) return usualMaxSeeds;
  if (seeds !== "auto")
    throw new UsageError(`--max-seeds ${maxSeeds} and --seeds ${seeds} contradict each other: it is for --seeds auto.`);
  const value = positiveInteger(maxSeeds, "--max-seeds");
  if (value < firstLook)
    throw new UsageError(`--max-seeds is ${value}; it is at least ${firstLook}, where the first look is taken.`);
  return value;
}

/** @throws UsageError naming the option and what it takes. */
export function testArguments(raw: RawTestOptions): TestArguments {
  const steps = positiveInteger(raw.steps, "--steps");
  return {
    ...dataArguments(raw),
    ...computeArguments(raw),
    ...{ matrices: raw.matrix ?? [], together: raw.together ?? false, arms: parseArms(raw.arms) },
    seeds: raw.seeds === "auto" ? null : positiveInteger(raw.seeds, "--seeds"),
    maxSeeds: parseMaxSeeds(raw),
    controls: raw.controls ?? true,
    ...{ sensitivity: raw.lrSensitivity ?? false, likePaper: raw.likePaper ?? false },
    ...{ steps, evaluateEvery: Math.max(1, Math.round(steps / measurements)) },
    margin: positiveNumber(raw.margin, "--margin"),
    confidence: parseConfidence(raw.confidence),
    ...{ out: raw.out ?? null, json: raw.json ?? null, dryRun: raw.dryRun ?? false },
  };
}
