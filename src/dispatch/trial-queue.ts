/** @file Runs a list of trials on one or several runners, and keeps each finished one. Knows nothing of which trials to run. */
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import { InputError, InterruptedError, OutputError, UsageError, WorkerError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { appendRecord, cutUnfinishedLine, parseRecord } from "../records/record-file.js";
import { type TrialRecord, trialRecord } from "../records/trial-record.js";
import { readTrials } from "../records/trials-file.js";
import { shareOut } from "./share-out.js";
import type { TaskRunner } from "./task.js";
import type { TrialWork } from "./trial-task.js";

export interface RunningTrial {
  readonly key: string;
  readonly step: number;
  readonly steps: number;
  /** Of the last batch; null before the first. */
  readonly loss: number | null;
}

export interface TrialProgress {
  readonly done: number;
  readonly total: number;
  /** One for each runner at work, in the order they began. */
  readonly running: readonly RunningTrial[];
}

export interface TrialQueueOptions {
  readonly setting: TrialSetting;
  /** trials.jsonl: read first, appended to after each trial. */
  readonly path: string;
  /** One trial at a time on each. */
  readonly runners: readonly TaskRunner[];
  /** Held-out loss at step 0 by the trial's key, where it is known already. */
  readonly heldOutLossBefore?: ReadonlyMap<string, number>;
  readonly onProgress?: (progress: TrialProgress) => void;
  readonly signal?: AbortSignal;
}

export const trialTask: URL = new URL("./trial-task.js", import.meta.url);

/** Whether a record answers a spec: a failed trial is run again, and so is one of other steps or another rate. */
function answers({ outcome, steps, learningRate }: TrialRecord, spec: TrialSpec): boolean {
  return outcome.kind !== "failed" && steps === spec.steps && learningRate === spec.learningRate;
}

/** Errors that no other trial would survive either. */
function isFatal(error: unknown): boolean {
  return [InterruptedError, InputError, UsageError, OutputError].some((type) => error instanceof type);
}

/**
 * @returns one record for each spec, in their order; trials that are on file are not run again. A trial whose worker dies is tried
 * once more, then recorded as `failed`; the rest goes on. @throws InterruptedError on abort: what is finished is on file.
 */
export async function runTrials(specs: readonly TrialSpec[], options: TrialQueueOptions): Promise<TrialRecord[]> {
  const { path, runners, onProgress } = options;
  cutUnfinishedLine(path);
  const records = new Map(readTrials(path).map((record) => [record.key, record]));
  const waiting = specs.filter((spec) => {
    const record = records.get(spec.key);
    return record === undefined || !answers(record, spec);
  });
  let done = specs.length - waiting.length;
  const running = new Map<string, RunningTrial>();
  const report = () => onProgress?.({ done, total: specs.length, running: [...running.values()] });
  await shareOut(runners, waiting, async (runner, spec) => {
    const at = (step: number, loss: number | null) => {
      running.set(spec.key, { key: spec.key, step, steps: spec.steps, loss });
      report();
    };
    at(0, null);
    try {
      const record = await runTrial(runner, spec, at, options);
      appendRecord(path, record);
      records.set(record.key, record);
      done++;
    } finally {
      running.delete(spec.key);
    }
  });
  report();
  return specs.map(({ key }) => records.get(key)!);
}

/** Of all trials, 0..1, with the steps of those under way. */
export function fractionDone({ done, total, running }: TrialProgress): number {
  const started = running.reduce((sum, { step, steps }) => sum + step / steps, 0);
  return total === 0 ? 1 : (done + started) / total;
}

/** For people: "3 of 20 done; sft: frozen h.0.attn.c_proj, seed 1: step 12, loss 2.314". */
export function trialsDetail({ done, total, running }: TrialProgress): string {
  const losses = running.map(
    ({ key, step, loss }) => `${key}: step ${step}${loss === null ? "" : `, loss ${loss.toFixed(3)}`}`,
  );
  return [`${done} of ${total} done`, ...losses].join("; ");
}

async function runTrial(
  runner: TaskRunner,
  spec: TrialSpec,
  report: (step: number, loss: number | null) => void,
  { setting, heldOutLossBefore, signal }: TrialQueueOptions,
): Promise<TrialRecord> {
  const onProgress = (progress: unknown) => {
    const { step, loss } = progress as { step: number; loss: number };
    report(step, loss);
  };
  const known = heldOutLossBefore?.get(spec.key);
  const work: TrialWork = { kind: "trial", spec, ...(known !== undefined && { heldOutLossBefore: known }) };
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await runner.run(trialTask, { setting, work }, { onProgress, ...(signal ? { signal } : {}) });
      return parseRecord(trialRecord, result, spec.key);
    } catch (error) {
      if (isFatal(error)) throw error;
      // A worker that died, of memory that others held perhaps, is started anew by its runner.
      if (error instanceof WorkerError && attempt === 1) continue;
      const reason = error instanceof Error ? error.message : String(error);
      return {
        schema: "deadweight/trial@1",
        version,
        ...spec,
        outcome: { kind: "failed", reason },
        trainableParameters: 0,
        wallSeconds: 0,
      };
    }
  }
}
