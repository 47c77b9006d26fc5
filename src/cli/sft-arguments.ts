/** @file The arguments of `deadweight sft`, parsed and checked. Knows no data and no model. */
import { UsageError } from "../foundation/errors.js";
import type { SftRecord } from "../records/sft-record.js";
import { type ComputeArguments, computeArguments, parseMemory, type RawComputeOptions } from "./compute-arguments.js";
import { type DataArguments, dataArguments, type RawDataOptions } from "./data-arguments.js";
import { optional, positiveInteger, positiveNumber } from "./option-values.js";

/** What the rule of progressive freezing is told; null: its own choice. */
export interface ProgressiveArguments {
  readonly what: "prefix" | "matrices" | null;
  readonly every: number | null;
  readonly threshold: number | null;
  readonly most: number | null;
  readonly tolerance: number | null;
}

export type TrainingLength =
  | { readonly kind: "steps"; readonly steps: number }
  | { readonly kind: "epochs"; readonly epochs: number };

export interface SftArguments extends DataArguments, ComputeArguments {
  /** File of a plan. */
  readonly plan: string | null;
  readonly progressive: ProgressiveArguments | null;
  readonly length: TrainingLength;
  readonly schedule: SftRecord["settings"]["schedule"];
  /** Share of the steps. */
  readonly warmup: number;
  readonly weightDecay: number;
  /** Null: not clipped. */
  readonly gradientClip: number | null;
  /** Steps; null: about twenty times in all. */
  readonly evaluateEvery: number | null;
  readonly keep: "best" | "last" | "both";
  readonly dtype: SftRecord["settings"]["dtype"];
  /** Null: half of what the training leaves free. */
  readonly cacheBytes: number | null;
  /** Seeds that are also fine-tuned plainly; 0: none. */
  readonly comparedSeeds: number;
  readonly out: string | null;
  readonly json: string | null;
  readonly dryRun: boolean;
}

/** As commander gives them. */
export interface RawSftOptions extends RawDataOptions, RawComputeOptions {
  readonly plan?: string;
  readonly progressive?: boolean;
  readonly freeze?: "prefix" | "matrices";
  readonly freezeEvery?: string;
  readonly freezeThreshold?: string;
  readonly freezeMost?: string;
  readonly freezeTolerance?: string;
  readonly epochs?: string;
  readonly steps?: string;
  readonly schedule: SftArguments["schedule"];
  readonly warmup: string;
  readonly weightDecay: string;
  readonly clip: string;
  readonly evaluateEvery?: string;
  readonly keep: SftArguments["keep"];
  readonly dtype: SftArguments["dtype"];
  readonly cacheMemory?: string;
  readonly compare?: boolean;
  readonly seeds?: string;
  readonly out?: string;
  readonly json?: string;
  readonly dryRun?: boolean;
}

function notNegative(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(Number.isFinite(value) && value >= 0))
    throw new UsageError(`${option} is '${text}'; it is a number of at least 0.`);
  return value;
}

/** @param most whether 1 itself is a share that can be meant. */
function share(text: string, option: string, most: "below 1" | "up to 1"): number {
  const value = notNegative(text, option);
  if (value > 1 || (value === 1 && most === "below 1"))
    throw new UsageError(
      `${option} is '${text}'; it is a share from 0 ${most === "below 1" ? "to below 1" : "to 1"}, e.g. 0.1.`,
    );
  return value;
}

function lengthOf({ epochs, steps }: RawSftOptions): TrainingLength {
  if (epochs !== undefined && steps !== undefined)
    throw new UsageError(`--epochs ${epochs} and --steps ${steps} contradict each other: give one of them.`);
  if (steps !== undefined) return { kind: "steps", steps: positiveInteger(steps, "--steps") };
  return { kind: "epochs", epochs: positiveNumber(epochs ?? "1", "--epochs") };
}

const ruleOptions = ["freeze", "freezeEvery", "freezeThreshold", "freezeMost", "freezeTolerance"] as const;
const optionNames: Readonly<Record<(typeof ruleOptions)[number], string>> = {
  freeze: "--freeze",
  freezeEvery: "--freeze-every",
  freezeThreshold: "--freeze-threshold",
  freezeMost: "--freeze-most",
  freezeTolerance: "--freeze-tolerance",
};

function progressiveOf(raw: RawSftOptions): ProgressiveArguments | null {
  const given = ruleOptions.find((option) => raw[option] !== undefined);
  if (!raw.progressive) {
    if (given) throw new UsageError(`${optionNames[given]} says how to freeze along the way; give --progressive too.`);
    return null;
  }
  return {
    what: raw.freeze ?? null,
    every: optional(raw.freezeEvery, "--freeze-every", positiveInteger),
    threshold: optional(raw.freezeThreshold, "--freeze-threshold", positiveNumber),
    most: optional(raw.freezeMost, "--freeze-most", (text, option) => share(text, option, "up to 1")),
    tolerance: optional(raw.freezeTolerance, "--freeze-tolerance", notNegative),
  };
}

function comparedSeedsOf({ compare, seeds, plan, progressive }: RawSftOptions): number {
  if (!compare) {
    if (seeds !== undefined) throw new UsageError(`--seeds ${seeds} is of the comparison; give --compare too.`);
    return 0;
  }
  if (plan === undefined && !progressive)
    throw new UsageError(
      "--compare sets the run beside plain fine-tuning, which this one is. Give --plan or --progressive.",
    );
  return positiveInteger(seeds ?? "1", "--seeds");
}

/** @throws UsageError naming the option and what it takes. */
export function sftArguments(raw: RawSftOptions): SftArguments {
  const clip = notNegative(raw.clip, "--clip");
  return {
    ...dataArguments(raw),
    ...computeArguments(raw),
    ...{ plan: raw.plan ?? null, progressive: progressiveOf(raw), length: lengthOf(raw), schedule: raw.schedule },
    warmup: share(raw.warmup, "--warmup", "below 1"),
    weightDecay: notNegative(raw.weightDecay, "--weight-decay"),
    gradientClip: clip === 0 ? null : clip,
    evaluateEvery: optional(raw.evaluateEvery, "--evaluate-every", positiveInteger),
    ...{ keep: raw.keep, dtype: raw.dtype },
    cacheBytes: optional(raw.cacheMemory, "--cache-memory", parseMemory),
    comparedSeeds: comparedSeedsOf(raw),
    ...{ out: raw.out ?? null, json: raw.json ?? null, dryRun: raw.dryRun ?? false },
  };
}

/** What identifies a run besides its data: other values are another experiment. Neither the comparison nor memory is part of it. */
export function sftConfiguration(args: SftArguments) {
  const { length, schedule, warmup, weightDecay, gradientClip, evaluateEvery, keep, dtype, device, progressive } = args;
  return {
    ...{ length: { ...length }, schedule, warmup, weightDecay, gradientClip, evaluateEvery, keep, dtype, device },
    progressive: progressive === null ? null : { ...progressive },
  };
}
