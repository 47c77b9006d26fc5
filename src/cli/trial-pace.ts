/** @file Times a step and an evaluation of the trials that are to come, in the worker that will run them. */
import { z } from "zod";
import type { TrialSetting } from "../crystal/trial-spec.js";
import type { TaskRunner } from "../dispatch/task.js";
import { trialTask } from "../dispatch/trial-queue.js";
import { parseRecord } from "../records/record-file.js";
import type { SourceOptions } from "./local-sources.js";

const paceResult = z.object({ stepSeconds: z.number(), evaluationSeconds: z.number() });
export type TrialPace = z.infer<typeof paceResult>;

/** @throws InterruptedError */
export async function paceOf(
  runner: TaskRunner,
  setting: TrialSetting,
  { progress, signal }: SourceOptions,
): Promise<TrialPace> {
  progress.update({ stage: "timing a step", fraction: 0, detail: "" });
  const result = await runner.run(trialTask, { setting, work: { kind: "pace" } }, { signal });
  progress.end();
  return parseRecord(paceResult, result, "pace");
}
