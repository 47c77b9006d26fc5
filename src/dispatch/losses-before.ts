/** @file Finds the held-out loss before fine-tuning of all trials, those of the same matrices in one pass, and keeps what was found. */
import { z } from "zod";
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import { WorkerError } from "../foundation/errors.js";
import { appendRecord, cutUnfinishedLine, parseRecord, readRecordLines } from "../records/record-file.js";
import { shareOut } from "./share-out.js";
import type { TaskRunner } from "./task.js";
import { trialTask } from "./trial-queue.js";
import type { TrialWork } from "./trial-task.js";

export interface LossesBeforeOptions {
  readonly setting: TrialSetting;
  /** before.jsonl: read first, appended to. */
  readonly path: string;
  readonly runners: readonly TaskRunner[];
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

const lossBefore = z.object({
  schema: z.literal("deadweight/before@1"),
  /** Of the trial. */
  key: z.string(),
  /** Nats per scored token. */
  heldOutLossBefore: z.number(),
});

const found = z.array(z.tuple([z.string(), z.number()]));

const startsTrained = ({ arm }: TrialSpec) => arm === "full" || arm === "frozen";

/** A rate is chosen, and a set confirmed, on other held-out examples; controls are few, and treat what is no matrix of the model; so are joint sets. */
function isFoundTogether(spec: TrialSpec): boolean {
  return spec.purpose === "sft" || spec.purpose === "aa" || (spec.purpose === "joint" && startsTrained(spec));
}

/** Trials that start from the trained weights are one group; of the others, those of the same matrices. */
function groupsOf(specs: readonly TrialSpec[]): TrialSpec[][] {
  const groups = new Map<string, TrialSpec[]>();
  for (const spec of specs) {
    const key = startsTrained(spec) ? "" : spec.matrices.join("+");
    groups.set(key, [...(groups.get(key) ?? []), spec]);
  }
  return [...groups.values()];
}

/** @returns the loss by the trial's key; those that are not found are left to the trials. @throws InterruptedError */
export async function findLossesBefore(
  specs: readonly TrialSpec[],
  { setting, path, runners, onProgress, signal }: LossesBeforeOptions,
): Promise<Map<string, number>> {
  cutUnfinishedLine(path);
  const losses = new Map(readRecordLines(path, lossBefore).map((line) => [line.key, line.heldOutLossBefore]));
  const waiting = specs.filter((spec) => isFoundTogether(spec) && !losses.has(spec.key));
  const groups = groupsOf(waiting);
  let done = 0;
  await shareOut(runners, groups, async (runner, group) => {
    onProgress?.({ done, total: groups.length });
    const work: TrialWork = { kind: "losses before", specs: group };
    try {
      const result = await runner.run(trialTask, { setting, work }, signal ? { signal } : {});
      for (const [key, heldOutLossBefore] of parseRecord(found, result, "losses before")) {
        appendRecord(path, { schema: "deadweight/before@1", key, heldOutLossBefore });
        losses.set(key, heldOutLossBefore);
      }
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
    }
    onProgress?.({ done: ++done, total: groups.length });
  });
  return losses;
}
