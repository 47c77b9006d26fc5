/** @file What identifies one trial, and the setting that all trials of a run share. Plain data: it travels to workers. */
import { z } from "zod";
import type { PackedShape } from "../data/packing.js";
import { type Arm, armName } from "./arm.js";

export const trialSetting = z.object({
  /** Folder of the base checkpoint. */
  model: z.string(),
  /** File of encoded fine-tuning examples. */
  data: z.string(),
  /** Packed batch: sequences, positions each, scored positions in all. */
  rows: z.number().int(),
  length: z.number().int(),
  slots: z.number().int(),
  /** Rows that are computed at once: fewer than `rows` where memory is short; gradients are then accumulated. */
  rowsAtOnce: z.number().int(),
  /** Models in training that are kept for the next trial of their kind. */
  keptTrainers: z.number().int().positive(),
  evaluateEvery: z.number().int(),
  /** Gate of the planted matrix in every trial; 0: dead, and only in trials that treat it. */
  plantedGate: z.number(),
  device: z.enum(["cpu", "webgpu"]),
  /** Threads of one trial. */
  threads: z.number().int(),
});
export type TrialSetting = z.infer<typeof trialSetting>;

export const trialSpec = z.object({
  key: z.string(),
  /** Canonical names; empty for `full`. */
  matrices: z.array(z.string()),
  arm: z.string(),
  seed: z.number().int(),
  purpose: z.enum(["sft", "aa", "control", "sensitivity", "learning-rate"]),
  steps: z.number().int(),
  learningRate: z.number(),
});
export type TrialSpec = z.infer<typeof trialSpec>;

/** Held-out examples are packed into rows like the training ones; no more are computed at once. */
export function heldOutShape({ rowsAtOnce, length, slots }: TrialSetting): PackedShape {
  return { rows: rowsAtOnce, length, slots: Math.min(slots, rowsAtOnce * length) };
}

type Purpose = TrialSpec["purpose"];

/**
 * @param matrices ignored for `full`, which touches none.
 * @param options.label stands for the matrices in the key, where they are many.
 */
export function makeTrialSpec(
  arm: Arm,
  matrices: readonly string[],
  { label, ...options }: { seed: number; purpose: Purpose; steps: number; learningRate: number; label?: string },
): TrialSpec {
  const name = armName(arm);
  const touched = arm.kind === "full" ? [] : [...matrices];
  const rate =
    options.purpose === "learning-rate" || options.purpose === "sensitivity" ? ` at ${options.learningRate}` : "";
  const key = `${options.purpose}: ${[name, ...(label !== undefined && touched.length > 0 ? [label] : touched)].join(" ")}${rate}, seed ${options.seed}`;
  return { key, matrices: touched, arm: name, ...options };
}
