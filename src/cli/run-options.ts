/** @file The options that all training commands share, parsed and checked. */
import { availableParallelism, totalmem } from "node:os";
import type { Command } from "commander";
import { addEngineOptions, type EngineArguments } from "./compute-arguments.js";
import { positiveInteger } from "./option-values.js";

export interface RawRunOptions extends EngineArguments {
  readonly threads?: string;
  readonly jobs?: string;
}

export interface RunOptions extends EngineArguments {
  /** Threads in all. */
  readonly threads: number;
  /** Trials at a time, each in a process of its own. */
  readonly jobs: number;
}

/** Memory that a trial process may want; assumption: models up to a few tens of millions of parameters. */
const bytesPerJob = 3 * 2 ** 30;
const mostJobs = 16;

export function addRunOptions(command: Command): Command {
  return addEngineOptions(command)
    .option("--threads <n>", "threads in all (default: all cores)")
    .option("--jobs <n>", "trials at a time, each in a process of its own (default: one a core, as memory allows)");
}

/** Neither threads nor jobs are part of a run's identity: the numbers do not depend on them beyond rounding. */
export function runOptions(options: RawRunOptions): RunOptions {
  const threads =
    options.threads === undefined ? availableParallelism() : positiveInteger(options.threads, "--threads");
  const affordable = Math.max(1, Math.min(threads, mostJobs, Math.floor(totalmem() / bytesPerJob)));
  const jobs = options.jobs === undefined ? affordable : positiveInteger(options.jobs, "--jobs");
  const { device, backend, precision } = options;
  return { device, backend, precision, threads, jobs };
}
