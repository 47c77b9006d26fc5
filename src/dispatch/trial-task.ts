/** @file The task that runs one trial; the bench of the last setting stays loaded for the next. */
import { z } from "zod";
import { TrialBench } from "../crystal/trial-bench.js";
import { trialSetting, trialSpec } from "../crystal/trial-spec.js";
import { parseRecord } from "../records/record-file.js";
import type { Task } from "./task.js";

const trialArguments = z.object({ setting: trialSetting, spec: trialSpec });

let open: { readonly key: string; readonly bench: Promise<TrialBench> } | null = null;

export const task: Task = async (args, { onProgress, signal, now }) => {
  const { setting, spec } = parseRecord(trialArguments, args, "trial task");
  const key = JSON.stringify(setting);
  if (open?.key !== key) {
    const previous = await open?.bench;
    open = { key, bench: TrialBench.open(setting) };
    await previous?.dispose();
  }
  const bench = await open.bench.catch((error: unknown) => {
    open = null;
    throw error;
  });
  return bench.run(spec, { onProgress, signal, now });
};
