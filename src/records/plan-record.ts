/** @file The record of a freeze plan: what to do to which matrix, with the evidence it rests on. */
import { z } from "zod";

export const planRecord = z.object({
  schema: z.literal("deadweight/plan@1"),
  version: z.string(),
  /** SHA-256 of the checkpoint that the plan was made for. */
  model: z.string(),
  matrices: z.array(
    z.object({
      name: z.string(),
      action: z.enum(["freeze", "crystal", "random", "zero"]),
      rank: z.number().int().optional(),
      seed: z.number().int().optional(),
    }),
  ),
  evidence: z.object({
    deltaPercent: z.number(),
    low: z.number().nullable(),
    high: z.number().nullable(),
    seeds: z.array(z.number().int()),
    margin: z.number(),
    confidence: z.number(),
  }),
  parameters: z.number().int(),
  effectiveParameters: z.number().int(),
});

export type PlanRecord = z.infer<typeof planRecord>;
