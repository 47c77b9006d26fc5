/** @file The record of a crystallization test: what was tested on what, how, and what came of it; what the page draws. */
import { z } from "zod";
import { armFigures } from "./arm-figures.js";
import { figure } from "./scan-record.js";
import { verdictsRecord } from "./verdicts-record.js";

export const testedTarget = z.object({
  /** As in the verdicts: canonical names, joined by "+" where matrices are treated together. */
  name: z.string(),
  matrices: z.array(
    z.object({
      name: z.string(),
      layer: z.number().int().nullable(),
      /** The canonical name without layer container and number. */
      role: z.string(),
      /** Output and input units. */
      rows: z.number().int(),
      cols: z.number().int(),
      /** As in the scan; null where no spectrum was computed, absent in older records. */
      noiseLike: z.boolean().nullable().optional(),
    }),
  ),
  /** Elements of its matrices. */
  parameters: z.number().int(),
  arms: z.array(armFigures.extend({ arm: z.string() })),
});

const count = z.number().int();

export const testedData = z.object({
  /** As given: paths or hub ids. */
  sources: z.array(z.string()),
  evalSources: z.array(z.string()),
  /** "messages", "question-answer", ... */
  format: z.string(),
  /** "the model's own", a built-in one's name, a path; null where none was used. */
  chatTemplate: z.string().nullable(),
  trainOn: z.enum(["completion", "all"]),
  /** Tokens that an example may have. */
  maxLength: count,
  examples: z.object({
    training: count,
    heldOut: count,
    calibrationTraining: count,
    calibrationHeldOut: count,
    /** Of general text, on which it shows what is forgotten. */
    general: count.optional(),
  }),
  /** Scored tokens of the training and of the held-out examples. */
  scoredTokens: z.object({ training: count, heldOut: count }),
  /** Rows read; of them cut to `maxLength`; left out since nothing in them is scored (after the cut), since a held-out example is the same, or beyond the number wanted. */
  rows: z.object({ read: count, truncated: count, withoutScored: count, repeated: count, beyond: count }),
});

/** How one measure of a matrix goes with what an arm costs, over all single matrices that were tested. */
export const spectralPrediction = z.object({
  /** "pr / noise", "depth", "relative update", ... */
  measure: z.string(),
  arm: z.string(),
  /** Spearman's; null where one side is constant. */
  rho: figure,
  low: figure,
  high: figure,
  /** Two-sided, by permutation, not corrected for the number of measures. */
  p: figure,
  n: z.number().int(),
});

/** Verdicts at another learning rate. */
export const rateSensitivity = z.object({
  learningRate: z.number(),
  matrices: z.array(z.object({ name: z.string(), verdict: z.string(), arms: z.record(z.string(), figure) })),
});

export const testRecord = z.object({
  schema: z.literal("deadweight/test@1"),
  version: z.string(),
  model: z.object({
    /** As it was asked for. */
    source: z.string(),
    sha256: z.string(),
    architecture: z.string(),
    parameters: count,
    contextLength: count,
    vocabularySize: count,
  }),
  data: testedData,
  sft: z.object({
    steps: count,
    learningRate: z.number(),
    /** Held-out loss of `full` at each candidate, on data that no verdict uses; empty when the rate was given. */
    learningRateCandidates: z.array(z.object({ learningRate: z.number(), heldOutLoss: figure })),
    /** Packed batch: rows, positions of each, scored positions at most; rows computed at once. */
    rows: count,
    length: count,
    slots: count,
    rowsAtOnce: count,
    /** Mean over a pass through the training examples. */
    scoredTokensPerStep: z.number(),
    seeds: z.array(count),
    /** What computed in the last sitting: "native kernels (avx512, cc 12.2.0), fp32". Absent in older records. */
    backend: z.string().optional(),
  }),
  /** `full`, which is shared by all targets. */
  full: armFigures,
  targets: z.array(testedTarget),
  verdicts: verdictsRecord,
  /** Where it was judged again for another question: the one that it was planned and stopped by. Percent, and 0..1. */
  planned: z.object({ margin: z.number(), confidence: z.number() }).optional(),
  /**
   * `fixedDesign`: what as many seeds as the last look has would have taken for every arm of every target, and all that is run besides:
   * `others`, the choice of the rate, second runs of `full`, controls, other rates.
   */
  trials: z.object({
    finished: count,
    diverged: count,
    failed: count,
    fixedDesign: count.optional(),
    others: count.optional(),
  }),
  /** Does any measure predict the cost? Absent below four single matrices. */
  prediction: z.array(spectralPrediction).optional(),
  sensitivity: z.array(rateSensitivity).optional(),
  /** Wall time of all trials, over all sittings; with several at a time more than has passed. */
  trialSeconds: z.number(),
});

export type TestedTarget = z.infer<typeof testedTarget>;
export type TestedMatrix = TestedTarget["matrices"][number];
export type TestedData = z.infer<typeof testedData>;
export type TestRecord = z.infer<typeof testRecord>;
export type SpectralPrediction = z.infer<typeof spectralPrediction>;
export type RateSensitivity = z.infer<typeof rateSensitivity>;
