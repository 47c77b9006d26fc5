/** @file The arguments of `deadweight test`, parsed and checked. */
import { type Arm, armName, parseArm } from "../crystal/arm.js";
import type { ColumnChoice } from "../data/example-format.js";
import { UsageError } from "../foundation/errors.js";
import { positiveInteger } from "./run-options.js";

export interface TestArguments {
  /** Local paths or hub ids. */
  readonly data: readonly string[];
  readonly evalData: readonly string[];
  readonly generalData: readonly string[];
  readonly columns: ColumnChoice;
  readonly chatTemplate: string | null;
  readonly trainOn: "completion" | "all";
  /** Null: the model's context, up to 1,024 tokens. */
  readonly maxLength: number | null;
  readonly heldOut: number;
  readonly maxExamples: number;
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
  /** Null: chosen. */
  readonly learningRate: number | null;
  readonly batchTokens: number;
  readonly seed: number;
  readonly margin: number;
  readonly confidence: number;
  readonly out: string | null;
  readonly json: string | null;
  readonly dryRun: boolean;
  readonly device: "cpu" | "webgpu";
  readonly threads: number | null;
  readonly jobs: number | null;
  /** Bytes, of all jobs together; null: most of what the machine has. */
  readonly memoryBytes: number | null;
}

/** As commander gives them. */
export interface RawTestOptions {
  readonly data: string[];
  readonly evalData?: string[];
  readonly generalData?: string[];
  readonly promptColumn?: string;
  readonly completionColumn?: string;
  readonly messagesColumn?: string;
  readonly textColumn?: string;
  readonly chatTemplate?: string;
  readonly trainOn: "completion" | "all";
  readonly maxLength?: string;
  readonly heldOut: string;
  readonly maxExamples: string;
  readonly matrix?: string[];
  readonly together?: boolean;
  readonly arms: string;
  readonly seeds: string;
  readonly maxSeeds?: string;
  readonly controls?: boolean;
  readonly lrSensitivity?: boolean;
  readonly likePaper?: boolean;
  readonly steps: string;
  readonly lr: string;
  readonly batchTokens: string;
  readonly seed: string;
  readonly margin: string;
  readonly confidence: string;
  readonly out?: string;
  readonly json?: string;
  readonly dryRun?: boolean;
  readonly device: "cpu" | "webgpu";
  readonly threads?: string;
  readonly jobs?: string;
  readonly memory?: string;
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

function positiveNumber(text: string, what: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw new UsageError(`${what} is '${text}'; it is a positive number.`);
  return value;
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

/** "12", "12GB", "800MB", "12GiB": gigabytes where no unit is given. */
function parseMemory(text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([GM])?(i)?B?$/i.exec(text.trim());
  if (found === null) throw new UsageError(`--memory is '${text}'; it is a size such as 12GB or 800MB.`);
  const [, size, unit = "G", binary] = found;
  return Number(size) * (binary ? 1024 : 1000) ** (unit.toUpperCase() === "G" ? 3 : 2);
}

function parseConfidence(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new UsageError(`--confidence is '${text}'; it lies between 0 and 1, e.g. 0.95.`);
  return value;
}

/** @throws UsageError naming the option and what it takes. */
export function testArguments(raw: RawTestOptions): TestArguments {
  const { promptColumn: prompt, completionColumn: completion, messagesColumn: messages, textColumn: text } = raw;
  const steps = positiveInteger(raw.steps, "--steps");
  const seed = Number(raw.seed);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`--seed is '${raw.seed}'; it is a whole number of at least 0.`);
  const optional = (value: string | undefined, option: string) =>
    value === undefined ? null : positiveInteger(value, option);
  return {
    ...{
      data: raw.data,
      evalData: raw.evalData ?? [],
      generalData: raw.generalData ?? [],
      chatTemplate: raw.chatTemplate ?? null,
      trainOn: raw.trainOn,
    },
    columns: { prompt, completion, messages, text },
    maxLength: optional(raw.maxLength, "--max-length"),
    heldOut: positiveInteger(raw.heldOut, "--held-out"),
    maxExamples: positiveInteger(raw.maxExamples, "--max-examples"),
    ...{ matrices: raw.matrix ?? [], together: raw.together ?? false, arms: parseArms(raw.arms) },
    seeds: raw.seeds === "auto" ? null : positiveInteger(raw.seeds, "--seeds"),
    maxSeeds: parseMaxSeeds(raw),
    controls: raw.controls ?? true,
    ...{ sensitivity: raw.lrSensitivity ?? false, likePaper: raw.likePaper ?? false },
    ...{ steps, evaluateEvery: Math.max(1, Math.round(steps / measurements)) },
    learningRate: raw.lr === "auto" ? null : positiveNumber(raw.lr, "--lr"),
    batchTokens: positiveInteger(raw.batchTokens, "--batch-tokens"),
    seed,
    margin: positiveNumber(raw.margin, "--margin"),
    confidence: parseConfidence(raw.confidence),
    ...{ out: raw.out ?? null, json: raw.json ?? null, dryRun: raw.dryRun ?? false, device: raw.device },
    threads: optional(raw.threads, "--threads"),
    jobs: optional(raw.jobs, "--jobs"),
    memoryBytes: raw.memory === undefined ? null : parseMemory(raw.memory),
  };
}
