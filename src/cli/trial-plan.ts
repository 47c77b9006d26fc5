/** @file How trials will be run on this machine: jobs, memory, the setting of its trials, its time. Trains nothing but a step to time it. */
import { availableParallelism, totalmem } from "node:os";
import type { TrialSetting } from "../crystal/trial-spec.js";
import { InputError } from "../foundation/errors.js";
import type { LanguageModel } from "../model/language-model.js";
import { type MemoryPlan, planMemory } from "../training/memory-plan.js";
import type { ComputeArguments } from "./compute-arguments.js";
import type { DataTaskResult } from "./data-task.js";

export interface TrialPlan {
  readonly threads: number;
  readonly jobs: number;
  readonly memory: MemoryPlan;
  readonly setting: TrialSetting;
}

const mostJobs = 16;
/** Of the machine's memory; the rest is for the system and this process. */
const share = 0.8;

/** A container may be allowed less than the machine has. */
function machineBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Bytes that training may take, of all jobs together. */
export function memoryBudget({ memoryBytes }: ComputeArguments): number {
  return memoryBytes ?? machineBytes() * share;
}

/** As many jobs as compute whole batches within the memory; one that computes them in parts where there is none. */
function jobsAndMemory(
  model: LanguageModel,
  batch: DataTaskResult["plan"],
  args: ComputeArguments,
  threads: number,
): { jobs: number; memory: MemoryPlan } {
  const { jobs: wanted } = args;
  const budget = memoryBudget(args);
  const backend = args.backend === "native" ? "native" : "onnx";
  if (wanted !== null) return { jobs: wanted, memory: planMemory(model, batch, budget / wanted, backend) };
  for (let jobs = Math.min(threads, mostJobs); jobs > 1; jobs--) {
    try {
      const memory = planMemory(model, batch, budget / jobs, backend);
      if (memory.rowsAtOnce === batch.rows) return { jobs, memory };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  return { jobs: 1, memory: planMemory(model, batch, budget, backend) };
}

/** @throws InputError where not even one row fits the memory. */
export function planTrials(
  model: LanguageModel,
  { plan }: DataTaskResult,
  args: ComputeArguments & { readonly evaluateEvery: number },
  paths: { readonly model: string; readonly data: string },
): TrialPlan {
  const threads = args.threads ?? availableParallelism();
  const { jobs, memory } = jobsAndMemory(model, plan, args, threads);
  const { rows, length, slots } = plan;
  return {
    ...{ threads, jobs, memory },
    setting: {
      ...paths,
      ...{ rows, length, slots, rowsAtOnce: memory.rowsAtOnce, keptTrainers: memory.keptTrainers, plantedGate: 0 },
      ...(memory.arenaLimitBytes === null ? {} : { arenaLimitBytes: memory.arenaLimitBytes }),
      ...{ device: args.device, backend: args.backend, precision: args.precision },
      ...{ evaluateEvery: args.evaluateEvery, threads: Math.max(1, Math.floor(threads / jobs)) },
    },
  };
}

/** Of everything that is to be trained, from the time of a step and of a pass over the held-out examples. */
export function trialSeconds(
  { stepSeconds, evaluationSeconds }: { readonly stepSeconds: number; readonly evaluationSeconds: number },
  { steps, evaluateEvery }: { readonly steps: number; readonly evaluateEvery: number },
  trials: number,
  jobs: number,
): number {
  const measurements = Math.ceil(steps / evaluateEvery);
  return Math.ceil(trials / jobs) * (steps * stepSeconds + measurements * evaluationSeconds) || 0;
}
