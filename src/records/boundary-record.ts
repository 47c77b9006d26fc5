/** @file The record of a boundary search: which matrices can go together, with every set that was tried. A delta is (set - full) / full in percent, paired by seed. */
import { z } from "zod";
import { estimate } from "./arm-figures.js";
import { figure } from "./scan-record.js";
import { testedData, testRecord } from "./test-record.js";

const count = z.number().int();

export const treatedMatrix = z.object({
  /** Canonical name. */
  name: z.string(),
  /** `frozen`, `crystal:4`, `random`, `zero`. */
  arm: z.string(),
});

/** [seed, delta]; null where the seed diverged: infinitely worse. */
const deltas = z.array(z.tuple([count, figure]));

/** What one matrix costs alone, in the order in which the search takes them. */
const evidence = treatedMatrix.extend({
  /** On the seeds of the evidence. */
  deltas,
  /** Null where a seed diverged. */
  mean: figure,
  /** Upper end of the one-sided 95% interval, with the variance pooled over the matrices of the arm; null from a single seed. */
  high: figure,
  /** Parameters it saves: of a frozen one those that need no gradient. */
  saved: count,
});

/** One set that was tried in the search: exploratory, on the seeds and held-out examples of the search. */
const triedSet = z.object({
  matrices: z.array(z.string()),
  size: count,
  /** Whether it is the first `size` of the order. */
  prefix: z.boolean(),
  /** Elements of its matrices, and their share of the model's parameters, 0..1. */
  parameters: count,
  share: z.number(),
  deltas,
  /** 95%, of the seeds, not corrected for the number of sets. */
  deltaPercent: estimate,
  /** By the search's own rule: the upper end of the 80% interval is below the margin. */
  holds: z.boolean(),
  /** Joint delta minus the sum of the single ones, on the seeds that all of them have; null where there are none. */
  interaction: estimate.nullable(),
});

/** On seeds and held-out examples that nothing else was decided on. */
const confirmationAttempt = z.object({
  matrices: z.array(treatedMatrix),
  size: count,
  parameters: count,
  share: z.number(),
  /** Part of the held-out examples, from 1. */
  part: count,
  seeds: z.array(count),
  deltas,
  /** Of the look that decided it, at `confidence`. */
  mean: figure,
  low: figure,
  high: figure,
  /** The attempt's share: all attempts together err with 1 - the record's. */
  confidence: z.number(),
  result: z.enum(["confirmed", "failed", "undecided", "budget"]),
});

/** Of the confirmed set, or null throughout. */
const savings = z.object({
  /** N and N_eff, as defined in the record of the plan. */
  parameters: count,
  effectiveParameters: count,
  /** Bytes of the checkpoint's weights in its own dtypes, and what they are under the plan. */
  bytes: count,
  effectiveBytes: count,
  /** Trained parameters in `full` and under the plan. */
  trainableParameters: count,
  trainableLeft: count,
  /** Gradients and moments in float32, and weights: bytes of training besides activations, `full` and under the plan. */
  trainingBytes: count,
  trainingBytesLeft: count,
  /** Floating-point operations of the products of one training step at the batch shape of the run. */
  stepFlops: z.number(),
  stepFlopsLeft: z.number(),
});

export const actionBoundary = z.object({
  /** As asked for: "freeze", "crystal", "crystal:4", "random", "zero", "cheapest". */
  action: z.string(),
  evidence: z.array(evidence),
  /** In the order in which they were tried. */
  tried: z.array(triedSet),
  /** Matrices that the set failed with and was grown without. */
  passedOver: z.array(z.object({ name: z.string(), size: count })),
  /** Names of the largest set that held in the search. */
  held: z.array(z.string()),
  stopped: z.enum(["complete", "budget", "passed over enough"]),
  attempts: z.array(confirmationAttempt),
  /** Held-out parts, from 1, that other sets of this action took in earlier searches of the folder (`attempts.jsonl`): attempts that this search did not have. Absent in older records. */
  earlierParts: z.array(count).optional(),
  /** Names of the set that would have come next and that no held-out part was left for; empty where there is none. Absent in older records. */
  withoutPart: z.array(z.string()).optional(),
  /** The confirmed set's index in `attempts`; null where none was confirmed. */
  confirmed: count.nullable(),
  savings: savings.nullable(),
  trials: count,
});

/** The sets of paper 64, frozen together. */
const jointGroup = z.object({
  label: z.string(),
  matrices: z.array(z.string()),
  parameters: count,
  deltas,
  /** 95%, not corrected. */
  deltaPercent: estimate,
  /** The paper's figure, percent; null where it has none. */
  printed: figure,
});

export const boundaryRecord = z.object({
  schema: z.literal("deadweight/boundary@1"),
  version: z.string(),
  model: testRecord.shape.model,
  data: testedData.extend({
    /** Examples of each further held-out part. */
    confirmation: z.array(count),
  }),
  sft: testRecord.shape.sft,
  /** Percent of full's held-out loss. */
  margin: z.number(),
  confidence: z.number(),
  /** Seeds of the evidence, least and most seeds of a set in the search, looks of a confirmation. */
  seeds: z.object({ evidence: count, search: count, searchMost: count, firstLook: count, lastLook: count }),
  /** The matrices that may go, in the order of the layers. */
  candidates: z.array(
    z.object({ name: z.string(), layer: count.nullable(), role: z.string(), rows: count, cols: count }),
  ),
  /** Loss of `full` on the search's held-out examples. */
  full: z.object({ lossBefore: estimate, lossAfter: estimate }),
  actions: z.array(actionBoundary),
  /** Absent unless asked for. */
  groups: z.array(jointGroup).optional(),
  warnings: z.array(z.string()),
  trials: z.object({ finished: count, diverged: count, failed: count }),
  /** Wall time of all trials, over all sittings; with several at a time more than has passed. */
  trialSeconds: z.number(),
});

export type SeedDeltaRecord = z.infer<typeof deltas>;
export type ActionBoundary = z.infer<typeof actionBoundary>;
export type TriedSet = z.infer<typeof triedSet>;
export type ConfirmationRecord = z.infer<typeof confirmationAttempt>;
export type BoundarySavings = z.infer<typeof savings>;
export type JointGroup = z.infer<typeof jointGroup>;
export type BoundaryRecord = z.infer<typeof boundaryRecord>;
