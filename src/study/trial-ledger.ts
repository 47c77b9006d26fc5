/** @file Runs a study's trials and counts them against a budget, in the same way whether they are on file already or not. */
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import { findLossesBefore } from "../dispatch/losses-before.js";
import type { TaskRunner } from "../dispatch/task.js";
import { fractionDone, runTrials, trialsDetail } from "../dispatch/trial-queue.js";
import type { RunFolder } from "../records/run-folder.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { StageProgress } from "./crystallization-test.js";

export interface LedgerOptions {
  readonly folder: RunFolder;
  readonly setting: TrialSetting;
  readonly runners: readonly TaskRunner[];
  readonly onProgress: (progress: StageProgress) => void;
  readonly signal: AbortSignal;
}

export interface Budget {
  /** Null: as many as it takes. */
  readonly trials: number | null;
  /** Of wall time, over all sittings. */
  readonly hours: number | null;
}

export class TrialLedger {
  readonly #records = new Map<string, TrialRecord>();

  constructor(private readonly options: LedgerOptions) {}

  /** Of this study, in the order they were asked for; the folder may hold more. */
  get records(): readonly TrialRecord[] {
    return [...this.#records.values()];
  }

  /** Hours on the clock, as far as trials take it, with as many at a time as now. */
  get hours(): number {
    const seconds = this.records.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0);
    return seconds / this.options.runners.length / 3600;
  }

  /** Trials at a time. */
  get jobs(): number {
    return this.options.runners.length;
  }

  isKnown({ key }: TrialSpec): boolean {
    return this.#records.has(key);
  }

  /** Whether the new ones among some trials, and so many more after them, stay within a budget. */
  allows(specs: readonly TrialSpec[], further: number, { trials, hours }: Budget): boolean {
    const fresh = specs.filter((spec) => !this.isKnown(spec)).length + further;
    const each = this.hours / Math.max(1, this.#records.size);
    return (
      (trials === null || this.#records.size + fresh <= trials) &&
      (hours === null || this.hours + fresh * each <= hours)
    );
  }

  /** @returns one record for each spec, in their order. @throws InterruptedError: what is finished is on file. */
  async run(specs: readonly TrialSpec[], stage: string): Promise<TrialRecord[]> {
    const { folder, setting, runners, signal, onProgress } = this.options;
    const fresh = specs.filter((spec) => !this.isKnown(spec));
    const heldOutLossBefore = await findLossesBefore(fresh, {
      ...{ setting, runners, signal, path: folder.file("before.jsonl") },
      onProgress: ({ done, total }) =>
        onProgress({ stage: "before fine-tuning", fraction: done / total, detail: `${done} of ${total} groups` }),
    });
    const found = await runTrials(fresh, {
      ...{ setting, runners, signal, heldOutLossBefore, path: folder.file("trials.jsonl") },
      onProgress: (progress) =>
        onProgress({
          stage: `${stage} (trial ${this.#records.size + progress.done + 1})`,
          fraction: fractionDone(progress),
          detail: trialsDetail(progress),
        }),
    });
    for (const record of found) this.#records.set(record.key, record);
    return specs.map(({ key }) => this.#records.get(key)!);
  }

  /** Takes the record of a trial that was run elsewhere in the study. */
  enter(records: readonly TrialRecord[]): void {
    for (const record of records) this.#records.set(record.key, record);
  }
}
