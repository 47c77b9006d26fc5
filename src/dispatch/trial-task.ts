/** @file The tasks of a test: a trial, the losses before any, the pace. The bench of the last setting stays loaded for the next. */
import { z } from "zod";
import { TrialBench } from "../crystal/trial-bench.js";
import { trialSetting, trialSpec } from "../crystal/trial-spec.js";
import { parseRecord } from "../records/record-file.js";
import type { Task } from "./task.js";

const work = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("trial"), spec: trialSpec, heldOutLossBefore: z.number().optional() }),
  /** Specs that treat the same matrices. Result: [key, loss] of each. */
  z.object({ kind: z.literal("losses before"), specs: z.array(trialSpec) }),
  z.object({ kind: z.literal("pace") }),
]);
export type TrialWork = z.infer<typeof work>;

const trialArguments = z.object({ setting: trialSetting, work });

let open: { readonly key: string; readonly bench: Promise<TrialBench> } | null = null;

export const task: Task = async (args, { onProgress, signal, now }) => {
  const { setting, work } = parseRecord(trialArguments, args, "trial task");
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
  switch (work.kind) {
    case "trial":
      return bench.run(work.spec, { onProgress, signal, now, heldOutLossBefore: work.heldOutLossBefore });
    case "losses before":
      return [...(await bench.lossesBefore(work.specs, signal))];
    case "pace":
      return bench.pace(now);
    default:
      return work satisfies never;
  }
};
