/** @file Runs the fine-tunings of a run folder one after the other, each in a process of its own, and keeps each finished one. */
import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { workerProcess } from "../dispatch/worker-process.js";
import { DivergedError } from "../foundation/errors.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { parseRecord, readRecord, writeRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import { percent } from "../report/figure-text.js";
import type { SourceOptions } from "./local-sources.js";
import type { SftArguments } from "./sft-arguments.js";
import type { SftSetting } from "./sft-setting.js";
import type { PlanFile } from "./sft-start.js";
import {
  type FinishedSft,
  type SftProgress,
  type SftTaskArguments,
  type SftTaskResult,
  sftProgress,
  sftTaskResult,
} from "./sft-task.js";

const sftTask = new URL("./sft-task.js", import.meta.url);
/** What a crash costs at most; an interrupt costs nothing. */
const saveEveryMs = 120_000;

export interface SftRunsOptions {
  readonly folder: RunFolder;
  readonly args: SftArguments;
  readonly setting: SftSetting;
  readonly learningRate: number;
  readonly plan: PlanFile | null;
  readonly options: SourceOptions;
}

interface OneRun {
  /** Plainly: everything trained, nothing replaced. */
  readonly plain: boolean;
  readonly seed: number;
  /** Of the seeds, from 0; only the first run's checkpoints are kept. */
  readonly first: boolean;
}

const nameOf = ({ plain, seed }: OneRun) => `${plain ? "plain" : "fine-tuning"}-${seed}`;

function taskArguments(run: OneRun, { folder, args, setting, learningRate, plan }: SftRunsOptions): SftTaskArguments {
  const { plan: trialPlan, steps, warmupSteps, evaluateEvery, cacheBytes, progressive } = setting;
  const { rows, length, slots, rowsAtOnce, model, data } = trialPlan.setting;
  const { device, threads, backend, precision, arenaLimitBytes } = trialPlan.setting;
  const { schedule, weightDecay, gradientClip, keep, dtype } = args;
  const { command, configuration, inputs } = folder.record;
  const kept = run.first && !run.plain;
  return {
    ...{ device, threads, backend, precision },
    ...(arenaLimitBytes === undefined ? {} : { arenaLimitBytes }),
    ...{ model, data, rows, length, slots, rowsAtOnce, steps, warmupSteps, evaluateEvery },
    ...{ schedule, learningRate, weightDecay, gradientClip, seed: run.seed, saveEveryMs, dtype },
    matrices: run.plain ? [] : (plan?.record.matrices ?? []),
    progressive: run.plain ? null : progressive,
    cacheBytes: run.plain ? 0 : cacheBytes,
    statePath: folder.file(`${nameOf(run)}.state.safetensors`),
    identity: sha256OfBytes(JSON.stringify([command, configuration, inputs, nameOf(run)])),
    best: kept && keep !== "last" ? resolve(folder.file("best")) : null,
    last: kept && keep !== "best" ? resolve(folder.file("last")) : null,
    general: kept,
  };
}

function detailOf({ step, steps, loss, heldOutLoss, frozenShare, tokensPerSecond }: SftProgress): string {
  return [
    `step ${step} of ${steps}`,
    `loss ${loss.toFixed(3)}`,
    ...(heldOutLoss === null ? [] : [`held out ${heldOutLoss.toFixed(3)}`]),
    ...(tokensPerSecond === null ? [] : [`${Math.round(tokensPerSecond)} tokens/s`]),
    ...(frozenShare > 0 ? [`${percent(frozenShare, 0)}% frozen`] : []),
  ].join(", ");
}

/** @throws DivergedError naming what is kept, InterruptedError with the state saved. */
async function runOne(run: OneRun, runs: SftRunsOptions): Promise<FinishedSft> {
  const { folder, args, options } = runs;
  const file = folder.file(`${nameOf(run)}.json`);
  if (existsSync(file)) return finished(readRecord(file, sftTaskResult), run, runs);
  const { progress, signal } = options;
  const stage = `${run.plain ? "plain fine-tuning" : "fine-tuning"}${args.comparedSeeds > 1 ? `, seed ${run.seed}` : ""}`;
  const task = taskArguments(run, runs);
  // A process of its own for each: its memory is that of this fine-tuning alone.
  const worker = workerProcess();
  try {
    const result = await worker.run(sftTask, task, {
      signal,
      onProgress: (sent) => {
        const state = parseRecord(sftProgress, sent, "progress");
        progress.update({ stage, fraction: state.step / state.steps, detail: detailOf(state) });
      },
    });
    progress.end();
    const parsed = finished(parseRecord(sftTaskResult, result, nameOf(run)), run, runs);
    writeRecord(file, parsed);
    rmSync(task.statePath, { force: true });
    return parsed;
  } finally {
    await worker.close();
  }
}

function finished(result: SftTaskResult, run: OneRun, { folder, learningRate }: SftRunsOptions): FinishedSft {
  if (result.kind === "finished") return result;
  const kept = result.kept
    ? ` The checkpoint of the lowest held-out loss before is kept in ${folder.file("best")}.`
    : "";
  const cause = run.plain ? "Plain fine-tuning" : "The fine-tuning";
  throw new DivergedError(
    `${cause} diverged at the learning rate ${learningRate}: ${result.message}${kept} Give a lower --lr and another --out.`,
    0,
  );
}

export interface SftRuns {
  /** The first of them is the run; the others are for the comparison. */
  readonly frozen: readonly FinishedSft[];
  /** Seed by seed; empty where plain fine-tuning was not asked for. */
  readonly plain: readonly FinishedSft[];
}

/** What is on file is not run again. @throws DivergedError, InterruptedError */
export async function runFineTunings(runs: SftRunsOptions): Promise<SftRuns> {
  const { seed: firstSeed, comparedSeeds } = runs.args;
  const frozen: FinishedSft[] = [];
  const plain: FinishedSft[] = [];
  for (let index = 0; index < Math.max(1, comparedSeeds); index++) {
    const seed = firstSeed + index;
    frozen.push(await runOne({ plain: false, seed, first: index === 0 }, runs));
    if (comparedSeeds > 0) plain.push(await runOne({ plain: true, seed, first: false }, runs));
  }
  return { frozen, plain };
}
