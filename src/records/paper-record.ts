/** @file The record of the paper's experiment: the printed figures beside ours, and what the page draws. */
import { z } from "zod";
import { armFigures } from "./arm-figures.js";
import { figure, scanRecord } from "./scan-record.js";
import { verdictsRecord } from "./verdicts-record.js";

const curvePoint = z.tuple([z.number().int(), z.number()]);

export const paperArmRow = armFigures.extend({
  /** `full`, `frozen`, `crystal`, `random`, `zero`. */
  arm: z.string(),
  /** For people: "Frozen-L4 (trained values)". */
  label: z.string(),
  /** As printed in paper 63; null where the paper has no such arm. */
  paper: z.object({ finalLoss: figure, deltaPercent: figure, deltaBeforePercent: figure }),
});

export const paperLayerRow = z.object({
  layer: z.number().int(),
  /** As printed in the paper (percent for PC1); null where it prints none. */
  paper: z.object({ cAttnPr: figure, cProjPr: figure, cProjPc1Percent: figure }),
});

export const paperRecord = z.object({
  schema: z.literal("deadweight/paper@1"),
  version: z.string(),
  preset: z.string(),
  /** Canonical name of the tested matrix. */
  target: z.string(),
  model: z.object({
    architecture: z.string(),
    parameters: z.number().int(),
    layers: z.number().int(),
    width: z.number().int(),
    heads: z.number().int(),
    context: z.number().int(),
    vocabularySize: z.number().int(),
    sha256: z.string(),
  }),
  corpus: z.object({
    sources: z.array(z.object({ name: z.string(), version: z.string(), licence: z.string(), what: z.string() })),
    trainTokens: z.number().int(),
    heldOutTokens: z.number().int(),
    sftTrainExamples: z.number().int(),
    sftHeldOutExamples: z.number().int(),
    /** Share of the held-out SFT tokens that are the unknown token, 0..1. */
    unknownShare: z.number(),
  }),
  base: z.object({
    steps: z.number().int(),
    tokensPerStep: z.number().int(),
    /** [step, training loss], thinned for drawing. */
    trainCurve: z.array(curvePoint),
    /** [step, held-out loss]. */
    heldOutCurve: z.array(curvePoint),
    heldOutLoss: z.number(),
    /** Training only, over all sittings. */
    wallSeconds: z.number(),
  }),
  sft: z.object({
    steps: z.number().int(),
    learningRate: z.number(),
    /** Held-out loss of `full` at each candidate, on data that no verdict uses; empty when the rate was given. */
    learningRateCandidates: z.array(z.object({ learningRate: z.number(), heldOutLoss: figure })),
    scoredTokensPerStep: z.number(),
    seeds: z.array(z.number().int()),
    /** What computed in the last sitting: "native kernels (avx512, cc 12.2.0), fp32". Absent in older records. */
    backend: z.string().optional(),
  }),
  arms: z.array(paperArmRow),
  layers: z.array(paperLayerRow),
  scan: scanRecord,
  /** Singular values, descending, of the target and of i.i.d. noise of the same shape and entry scale. */
  spectrum: z.object({ singularValues: z.array(z.number()), nullSingularValues: z.array(z.number()), edge: figure }),
  verdicts: verdictsRecord,
  /** Paper 62's printed figures for the target: amplitude PR and kurtosis; paper 63's weight PR. */
  printed: z.object({
    amplitudePr: z.number(),
    amplitudeKurtosis: z.number(),
    weightPr: z.number(),
    nonlinearRSquared: z.number(),
  }),
  /** Of the sitting that finished the run: what an earlier one left is not counted. */
  wallSeconds: z.number(),
});

export type PaperArmRow = z.infer<typeof paperArmRow>;
export type PaperLayerRow = z.infer<typeof paperLayerRow>;
export type PaperRecord = z.infer<typeof paperRecord>;
