/** @file The options of every training command that say where and on how much of the machine it runs. */
import { type Command, Option } from "commander";
import { UsageError } from "../foundation/errors.js";
import { optional, positiveInteger } from "./option-values.js";

export interface ComputeArguments {
  readonly device: "cpu" | "webgpu";
  /** Null: all cores. */
  readonly threads: number | null;
  /** Null: as many as the memory allows. */
  readonly jobs: number | null;
  /** Bytes, of all jobs together; null: most of what the machine has. */
  readonly memoryBytes: number | null;
}

export interface RawComputeOptions {
  readonly device: "cpu" | "webgpu";
  readonly threads?: string;
  readonly jobs?: string;
  readonly memory?: string;
}

/** @param jobs whether several trials run at a time. */
export function addComputeOptions(command: Command, { jobs }: { readonly jobs: boolean }): Command {
  command
    .addOption(new Option("--precision <p>", "of the arithmetic").choices(["fp32"]).default("fp32"))
    .addOption(new Option("--device <device>", "where to compute").choices(["cpu", "webgpu"]).default("cpu"))
    .option("--threads <n>", "threads in all (default: all cores)");
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
export function computeArguments({ device, threads, jobs, memory }: RawComputeOptions): ComputeArguments {
  return {
    device,
    threads: optional(threads, "--threads", positiveInteger),
    jobs: optional(jobs, "--jobs", positiveInteger),
    memoryBytes: optional(memory, "--memory", parseMemory),
  };
}
