/** @file The record of a freeze plan: what to do to which matrix, with the evidence it rests on. */
import { z } from "zod";

export const plannedMatrix = z.object({
  /** Canonical name: `h.4.attn.c_proj`. */
  name: z.string(),
  /** `freeze`: as trained. The others replace the values and freeze what replaced them. */
  action: z.enum(["freeze", "crystal", "random", "zero"]),
  /** Of `crystal`: the best approximation of this rank. */
  rank: z.number().int().positive().optional(),
  /** Of `random`: i.i.d. normal values of this seed (`foundation/random-weights.ts`) ... */
  seed: z.number().int().optional(),
  /** ... with this standard deviation; absent for that of the trained values, which a checkpoint that is not yet replaced still has. */
  deviation: z.number().nonnegative().optional(),
});

const evidence = z.object({
  /** Of all matrices of the plan together, (arm - full) / full of the held-out loss. */
  deltaPercent: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  seeds: z.array(z.number().int()),
  /** Percent. */
  margin: z.number(),
  confidence: z.number(),
  /** Whether it was shown within the margin on seeds and held-out examples that no choice rests on. */
  confirmed: z.boolean().optional(),
  note: z.string().optional(),
});

export const planRecord = z.object({
  schema: z.literal("deadweight/plan@1"),
  version: z.string(),
  /** SHA-256 of the checkpoint that the plan fits. */
  model: z.string(),
  /** That checkpoint, as it was asked for. */
  source: z.string().optional(),
  /** Whether that checkpoint holds the replaced values already: it was fine-tuned with the plan. */
  applied: z.boolean().optional(),
  /** SHA-256 of the checkpoint that was fine-tuned, where `applied`. */
  base: z.string().optional(),
  matrices: z.array(plannedMatrix),
  /** Null where none was sought: a plan by hand, or of progressive freezing. */
  evidence: evidence.nullable(),
  parameters: z.number().int(),
  effectiveParameters: z.number().int(),
});

export type PlannedMatrix = z.infer<typeof plannedMatrix>;
export type PlanEvidence = z.infer<typeof evidence>;
export type PlanRecord = z.infer<typeof planRecord>;
