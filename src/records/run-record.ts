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

export const runRecord = z.object({
  schema: z.literal("deadweight/run@1"),
  version: z.string(),
  command: z.string(),
  /** The run's identity: the same command continues a folder only where this is equal. */
  configuration: z.record(z.string(), z.json()),
  /** SHA-256 of the inputs, by what they are. */
  inputs: z.record(z.string(), z.string()),
  machine: machineRecord,
  /** What computes, "native kernels (avx512, cc 12.2.0), fp32"; not part of the identity. Absent in older records. */
  backend: z.string().optional(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
});

export type MachineRecord = z.infer<typeof machineRecord>;
export type RunRecord = z.infer<typeof runRecord>;
