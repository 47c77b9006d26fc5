/** @file The options that all training commands share, parsed and checked. */
import { availableParallelism, totalmem } from "node:os";
import { type Command, Option } from "commander";
import { positiveInteger } from "./option-values.js";

export interface RunOptions {
  readonly device: "cpu" | "webgpu";
  /** Threads in all. */
  readonly threads: number;
  /** Trials at a time, each in a process of its own. */
  readonly jobs: number;
}

/** Memory that a trial process may want; assumption: models up to a few tens of millions of parameters. */
const bytesPerJob = 3 * 2 ** 30;
const mostJobs = 16;

export function addRunOptions(command: Command): Command {
  return command
    .addOption(new Option("--device <device>", "where to compute").choices(["cpu", "webgpu"]).default("cpu"))
    .option("--threads <n>", "threads in all (default: all cores)")
    .option("--jobs <n>", "trials at a time, each in a process of its own (default: one a core, as memory allows)");
}

/** Neither threads nor jobs are part of a run's identity: the numbers do not depend on them beyond rounding. */
export function runOptions(options: { device: "cpu" | "webgpu"; threads?: string; jobs?: string }): RunOptions {
  const threads =
    options.threads === undefined ? availableParallelism() : positiveInteger(options.threads, "--threads");
  const affordable = Math.max(1, Math.min(threads, mostJobs, Math.floor(totalmem() / bytesPerJob)));
  const jobs = options.jobs === undefined ? affordable : positiveInteger(options.jobs, "--jobs");
  return { device: options.device, threads, jobs };
}
