/** @file The record of a fine-tuning: what was trained on what, how, what was frozen when, and how it compares with plain fine-tuning. */
import { z } from "zod";
import { plannedMatrix } from "./plan-record.js";
import { figure } from "./scan-record.js";
import { testRecord } from "./test-record.js";

const count = z.number().int();
/** [step, value] */
const point = z.tuple([count, z.number()]);

/** Steps between two changes of what is frozen, as they are counted while it trains. */
export const trainingPhase = z.object({
  /** Steps `fromStep` (not included) to `toStep`. */
  fromStep: count,
  toStep: count,
  trainableParameters: count,
  /** Of all parameters of the model as trained, 0..1. */
  frozenShare: z.number(),
  /** Leading blocks that no gradient enters, the embeddings as one of them; 0: none. */
  prefixBlocks: count,
  /** Whether the activations of that prefix were kept and not computed again. */
  cached: z.boolean(),
  /** Of the steps alone, evaluations excluded. */
  seconds: z.number(),
  /** Trained on: positions that hold a token, and those that are scored. */
  tokens: count,
  scoredTokens: count,
});

const fineTuningPhase = trainingPhase.extend({
  /** Null where no time was measured. */
  tokensPerSecond: figure,
  scoredTokensPerSecond: figure,
});

export const freezeEvent = z.object({
  step: count,
  kind: z.enum(["freeze", "thaw"]),
  /** Parameters. */
  names: z.array(z.string()),
  reason: z.string(),
});

/** One fine-tuning, from its first step to its last. Losses in nats per token; seconds of a monotonic clock over all sittings. */
export const fineTuningRecord = z.object({
  /** Of the order of the data. */
  seed: count,
  trainCurve: z.array(point),
  /** Step 0 and the last included. */
  heldOutCurve: z.array(point),
  /** [step, seconds of training], evaluations excluded, at the points of the held-out curve. */
  secondsCurve: z.array(point),
  phases: z.array(fineTuningPhase),
  events: z.array(freezeEvent),
  bestStep: count,
  bestLoss: z.number(),
  lastLoss: z.number(),
  /** Parameters that were frozen at the end. */
  frozen: z.array(z.string()),
  /** Of all steps, evaluations excluded. */
  seconds: z.number(),
  /** Largest resident memory of the process that trained, in its last sitting, bytes. */
  peakBytes: count,
});

export const progressiveSettings = z.object({
  what: z.enum(["prefix", "matrices"]),
  /** Steps between decisions. */
  every: count,
  /** Steps before the first interval, which is the measure for the others: the first freeze is possible two intervals later. */
  after: count,
  /** Frozen below this share of the relative update of the first interval. */
  threshold: z.number(),
  /** Share of the parameters that may be frozen, 0..1. */
  most: z.number(),
  /** Percent of the lowest held-out loss, above which what was frozen last is thawed. */
  tolerance: z.number(),
});

const pairedComparison = z.object({
  seed: count,
  /** With the plan or the progressive freezing; the first seed's is `result`. */
  frozen: fineTuningRecord,
  /** Everything trained, the same data in the same order. */
  plain: fineTuningRecord,
  /** The lowest held-out loss that both reach. */
  sharedLoss: z.number(),
  /** Training seconds to it, between two evaluations by interpolation. */
  frozenSeconds: z.number(),
  plainSeconds: z.number(),
  /** plainSeconds / frozenSeconds; null where the loss was there before the first step. */
  speedUp: figure,
  /** (frozen - plain) / plain of the held-out loss after the last step, and of the lowest. */
  lastDeltaPercent: z.number(),
  bestDeltaPercent: z.number(),
});

export const sftRecord = z.object({
  schema: z.literal("deadweight/sft@1"),
  version: z.string(),
  /** As it was before; `sha256` of its weights. */
  model: testRecord.shape.model,
  data: testRecord.shape.data,
  settings: z.object({
    steps: count,
    /** Passes over the training examples that the steps come to. */
    epochs: z.number(),
    learningRate: z.number(),
    /** Held-out loss of plain fine-tuning at each candidate, on examples of their own; empty where the rate was given. */
    learningRateCandidates: z.array(z.object({ learningRate: z.number(), heldOutLoss: figure })),
    schedule: z.enum(["cosine", "linear", "constant"]),
    warmupSteps: count,
    weightDecay: z.number(),
    /** Global norm; null: gradients were not clipped. */
    gradientClip: figure,
    /** Packed batch: rows, positions of each, scored positions at most; rows computed at once. */
    rows: count,
    length: count,
    slots: count,
    rowsAtOnce: count,
    scoredTokensPerStep: z.number(),
    evaluateEvery: count,
    seed: count,
    device: z.string(),
    threads: count,
    /** What computed in the last sitting: "native kernels (avx512, cc 12.2.0), fp32". Absent in older records. */
    backend: z.string().optional(),
    /** Bytes that kept activations might take. */
    cacheBytes: count,
    /** Of the checkpoints. */
    dtype: z.enum(["source", "F32", "F16", "BF16"]),
  }),
  /** What was done before the first step; null: nothing. */
  plan: z
    .object({
      path: z.string(),
      /** Of the plan's file. */
      sha256: z.string(),
      matrices: z.array(plannedMatrix),
    })
    .nullable(),
  /** By what rule more was frozen along the way; null: no more. */
  progressive: progressiveSettings.nullable(),
  result: fineTuningRecord,
  /** Held-out loss on general text before and after the last step; null where none was given. */
  general: z.object({ before: z.number(), after: z.number() }).nullable(),
  /** What was written, in folders of this name. */
  checkpoints: z.array(
    z.object({ folder: z.enum(["best", "last"]), step: count, heldOutLoss: z.number(), sha256: z.string() }),
  ),
  /** Matrices that held their value to the end: those of the plan and what the rule froze; canonical names. */
  frozenMatrices: z.array(plannedMatrix),
  /** Null where plain fine-tuning was not run. */
  comparison: z.array(pairedComparison).nullable(),
});

export type FineTuningRecord = z.infer<typeof fineTuningRecord>;
export type ProgressiveSettings = z.infer<typeof progressiveSettings>;
export type PairedComparison = z.infer<typeof pairedComparison>;
export type SftRecord = z.infer<typeof sftRecord>;
