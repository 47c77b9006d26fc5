/** @file The options of every training command that say where and on how much of the machine it runs. */
import { type Command, Option } from "commander";
import { UsageError } from "../foundation/errors.js";
import type { BackendWish, Device, PrecisionWish } from "../training/open-backend.js";
import { optional, positiveInteger } from "./option-values.js";

/** What computes, and how. */
export interface EngineArguments {
  readonly device: Device;
  readonly backend: BackendWish;
  readonly precision: PrecisionWish;
}

export interface ComputeArguments extends EngineArguments {
  /** Null: all cores. */
  readonly threads: number | null;
  /** Null: as many as the memory allows. */
  readonly jobs: number | null;
  /** Bytes, of all jobs together; null: most of what the machine has. */
  readonly memoryBytes: number | null;
}

export interface RawComputeOptions extends EngineArguments {
  readonly threads?: string;
  readonly jobs?: string;
  readonly memory?: string;
}

export function addEngineOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--backend <name>", "native: kernels in C, compiled here once; auto: native where it works, else onnx")
        .choices(["auto", "native", "onnx"])
        .default("auto"),
    )
    .addOption(
      new Option(
        "--precision <p>",
        "of the factors of matrix products; auto: bf16 where the processor has AMX, else fp32",
      )
        .choices(["fp32", "bf16", "auto"])
        .default("fp32"),
    )
    .addOption(new Option("--device <device>", "where to compute").choices(["cpu", "webgpu"]).default("cpu"));
}

/** @param jobs whether several trials run at a time. */
export function addComputeOptions(command: Command, { jobs }: { readonly jobs: boolean }): Command {
  addEngineOptions(command).option("--threads <n>", "threads in all (default: all cores)");
  if (jobs)
    command.option(
      "--jobs <n>",
      "trials at a time, each in a process of its own (default: one a core, as memory allows)",
    );
  return command.option(
    "--memory <size>",
    `${jobs ? "of all jobs together, " : ""}e.g. 12GB; batches are split to fit (default: 80% of the machine's)`,
  );
}

/** "12", "12GB", "800MB", "12GiB": gigabytes where no unit is given. @returns bytes */
export function parseMemory(text: string, option: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([GM])?(i)?B?$/i.exec(text.trim());
  if (found === null) throw new UsageError(`${option} is '${text}'; it is a size such as 12GB or 800MB.`);
  const [, size, unit = "G", binary] = found;
  return Number(size) * (binary ? 1024 : 1000) ** (unit.toUpperCase() === "G" ? 3 : 2);
}

/** @throws UsageError naming the option and what it takes. */
export function computeArguments(raw: RawComputeOptions): ComputeArguments {
  const { device, backend, precision, threads, jobs, memory } = raw;
  return {
    ...{ device, backend, precision },
    threads: optional(threads, "--threads", positiveInteger),
    jobs: optional(jobs, "--jobs", positiveInteger),
    memoryBytes: optional(memory, "--memory", parseMemory),
  };
}
