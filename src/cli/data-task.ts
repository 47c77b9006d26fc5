/** @file The task that encodes fine-tuning data into a file and chooses the batches' shape: seconds of work that must not deafen the main thread. */
import { z } from "zod";
import { planBatches } from "../data/batch-plan.js";
import { prepareData, totalScored } from "../data/prepared-data.js";
import { encodeSftDataset, everyExample } from "../data/sft-dataset.js";
import { scoredTokens } from "../data/sft-example.js";
import type { Task } from "../dispatch/task.js";
import { parseRecord, writeFileAtomically } from "../records/record-file.js";

const text = z.string().optional();
const count = z.number().int();

const dataTaskArguments = z.object({
  /** Of the encoded examples. */
  path: z.string(),
  request: z.object({
    paths: z.array(z.string()),
    evalPaths: z.array(z.string()),
    generalPaths: z.array(z.string()),
    columns: z.object({ messages: text, prompt: text, completion: text, text }),
    trainOn: z.enum(["completion", "all"]),
    maxLength: count,
    chatTemplate: z.string().nullable(),
    tokenizer: z.string(),
    vocabularySize: count,
    heldOut: count,
    calibrate: z.boolean(),
    confirmationParts: count,
    most: count,
    seed: count,
  }),
  wish: z.object({ scoredTokens: count, perPosition: z.number(), perScored: z.number(), width: count }),
});
export type DataTaskArguments = z.infer<typeof dataTaskArguments>;

export const dataTaskResult = z.object({
  format: z.string(),
  chatTemplate: z.string().nullable(),
  examples: z.object({
    training: count,
    heldOut: count,
    calibrationTraining: count,
    calibrationHeldOut: count,
    general: count,
    /** Of each further held-out part. */
    confirmation: z.array(count),
  }),
  scoredTokens: z.object({ training: count, heldOut: count }),
  /** Scored tokens of each held-out example. */
  heldOutTokens: z.array(count),
  rows: z.object({ read: count, truncated: count, withoutScored: count, repeated: count, beyond: count }),
  plan: z.object({
    ...{ rows: count, length: count, slots: count },
    ...{ meanScored: z.number(), meanExamples: z.number(), filled: z.number() },
  }),
  previews: z.array(z.array(z.object({ text: z.string(), scored: z.boolean() }))),
});
export type DataTaskResult = z.infer<typeof dataTaskResult>;

export const task: Task = async (args, { onProgress }): Promise<DataTaskResult> => {
  const { path, request, wish } = parseRecord(dataTaskArguments, args, "data task");
  const { dataset, format, chatTemplate, previews, read, truncated, withoutScored, repeated, beyond } =
    await prepareData(request, onProgress);
  writeFileAtomically(path, encodeSftDataset(dataset));
  return {
    ...{ format, chatTemplate, rows: { read, truncated, withoutScored, repeated, beyond } },
    examples: {
      training: dataset.training.length,
      heldOut: dataset.heldOut.length,
      calibrationTraining: dataset.calibrationTraining.length,
      calibrationHeldOut: dataset.calibrationHeldOut.length,
      general: dataset.general?.length ?? 0,
      confirmation: (dataset.confirmation ?? []).map((part) => part.length),
    },
    scoredTokens: { training: totalScored(dataset.training), heldOut: totalScored(dataset.heldOut) },
    heldOutTokens: dataset.heldOut.map(scoredTokens),
    // A row must hold every example, in whichever split it is.
    plan: planBatches(dataset.training, wish, everyExample(dataset)),
    previews: previews.map((pieces) => pieces.map((piece) => ({ ...piece }))),
  };
};
