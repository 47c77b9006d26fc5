/** @file The record that opens a run folder: what was asked for, of which inputs, by which version, on which machine. */
import { z } from "zod";

export const machineRecord = z.object({
  platform: z.string(),
  arch: z.string(),
  cpu: z.string(),
  logicalCores: z.number().int(),
  memoryBytes: z.number().int(),
  node: z.string(),
});

const count = z.number().int();

/**
 * What a test fixed before its first seed. Fixed seeds are judged once; those that are looked at one after the other are judged at levels
 * that hold for these looks and these hypotheses, and an arm gets its next seed by this margin and confidence.
 */
export const testDesign = z.discriminatedUnion("seeds", [
  z.object({ seeds: z.literal("fixed") }),
  z.object({
    seeds: z.literal("auto"),
    /** Numbers of seeds. */
    firstLook: count,
    lastLook: count,
    /** Percent of full's held-out loss. */
    margin: z.number(),
    /** 0..1 */
    confidence: z.number(),
    /** As in the verdicts, and the arms of each besides `full`: the family of hypotheses. */
    targets: z.array(z.string()),
    arms: z.array(z.string()),
  }),
]);

export const runRecord = z.object({
  schema: z.literal("deadweight/run@1"),
  version: z.string(),
  command: z.string(),
  /** The run's identity: the same command continues a folder only where this is equal. */
  configuration: z.record(z.string(), z.json()),
  /** SHA-256 of the inputs, by what they are. */
  inputs: z.record(z.string(), z.string()),
  /** Of a test; the same command continues a folder only where this allows it. Absent in older records. */
  design: testDesign.optional(),
  machine: machineRecord,
  /** What computes, "native kernels (avx512, cc 12.2.0), fp32"; not part of the identity. Absent in older records. */
  backend: z.string().optional(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
});

export type MachineRecord = z.infer<typeof machineRecord>;
export type TestDesign = z.infer<typeof testDesign>;
export type RunRecord = z.infer<typeof runRecord>;
