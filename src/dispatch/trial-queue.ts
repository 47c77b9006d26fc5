/** @file Runs a list of trials on one or several runners, and keeps each finished one. Knows nothing of which trials to run. */
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import { InputError, InterruptedError, OutputError, UsageError } from "../foundation/errors.js";
import { version } from "../foundation/version.js";
import { appendRecord, cutUnfinishedLine, parseRecord, readRecordLines } from "../records/record-file.js";
import { newestTrials, type TrialRecord, trialRecord } from "../records/trial-record.js";
import { shareOut } from "./share-out.js";
import type { TaskRunner } from "./task.js";

export interface TrialProgress {
  readonly done: number;
  readonly total: number;
  readonly key: string;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

export interface TrialQueueOptions {
  readonly setting: TrialSetting;
  /** trials.jsonl: read first, appended to after each trial. */
  readonly path: string;
  /** One trial at a time on each. */
  readonly runners: readonly TaskRunner[];
  readonly onProgress?: (progress: TrialProgress) => void;
  readonly signal?: AbortSignal;
}

const trialTask = new URL("./trial-task.js", import.meta.url);

/** Whether a record answers a spec: a failed trial is run again, and so is one of other steps or another rate. */
function answers({ outcome, steps, learningRate }: TrialRecord, spec: TrialSpec): boolean {
  return outcome.kind !== "failed" && steps === spec.steps && learningRate === spec.learningRate;
}

/** Errors that no other trial would survive either. */
function isFatal(error: unknown): boolean {
  return [InterruptedError, InputError, UsageError, OutputError].some((type) => error instanceof type);
}

/**
 * @returns one record for each spec, in their order; trials that are on file are not run again. A trial whose worker dies is recorded
 * as `failed` and the rest goes on. @throws InterruptedError on abort: what is finished is on file.
 */
export async function runTrials(specs: readonly TrialSpec[], options: TrialQueueOptions): Promise<TrialRecord[]> {
  const { setting, path, runners, onProgress, signal } = options;
  cutUnfinishedLine(path);
  const records = new Map(newestTrials(readRecordLines(path, trialRecord)).map((record) => [record.key, record]));
  const waiting = specs.filter((spec) => {
    const record = records.get(spec.key);
    return record === undefined || !answers(record, spec);
  });
  let done = specs.length - waiting.length;
  await shareOut(runners, waiting, async (runner, spec) => {
    const report = (step: number, loss: number | null) =>
      onProgress?.({ done, total: specs.length, key: spec.key, step, steps: spec.steps, loss });
    report(0, null);
    const record = await runTrial(runner, setting, spec, report, signal);
    appendRecord(path, record);
    records.set(record.key, record);
    done++;
  });
  return specs.map(({ key }) => records.get(key)!);
}

async function runTrial(
  runner: TaskRunner,
  setting: TrialSetting,
  spec: TrialSpec,
  report: (step: number, loss: number | null) => void,
  signal: AbortSignal | undefined,
): Promise<TrialRecord> {
  const onProgress = (progress: unknown) => {
    const { step, loss } = progress as { step: number; loss: number };
    report(step, loss);
  };
  try {
    const result = await runner.run(trialTask, { setting, spec }, { onProgress, ...(signal ? { signal } : {}) });
    return parseRecord(trialRecord, result, spec.key);
  } catch (error) {
    if (isFatal(error)) throw error;
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
