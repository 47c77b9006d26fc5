/** @file How the base was trained: kept beside its weights, so that a finished base is reused with its curves. */
import { z } from "zod";

const point = z.tuple([z.number().int(), z.number()]);

export const baseTraining = z.object({
  steps: z.number().int(),
  tokensPerStep: z.number().int(),
  /** Tokens of the corpus in either split. */
  trainTokens: z.number().int(),
  heldOutTokens: z.number().int(),
  /** [step, mean training loss since the last point] */
  trainCurve: z.array(point),
  heldOutCurve: z.array(point),
  /** Of the training steps, over all sittings. */
  seconds: z.number(),
});

/** What the task tells along the way. */
export const baseProgress = z.object({
  step: z.number().int(),
  steps: z.number().int(),
  loss: z.number(),
  heldOutLoss: z.number().nullable(),
});

export type BaseTraining = z.infer<typeof baseTraining>;
