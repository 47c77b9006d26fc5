/** @file What identifies one trial, and the setting that all trials of a run share. Plain data: it travels to workers. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { PackedShape } from "../data/packing.js";
import { trialPurposes } from "../records/trial-record.js";
import { computeSetting } from "../training/open-backend.js";
import { type Arm, armName, parseArm } from "./arm.js";

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
  /** Of one trial. */
  ...computeSetting,
});
export type TrialSetting = z.infer<typeof trialSetting>;

export const trialSpec = z.object({
  key: z.string(),
  /** Canonical names; empty for `full`. */
  matrices: z.array(z.string()),
  /** Of all matrices, or `mixed`. */
  arm: z.string(),
  /** Where they are treated differently: the arm of each. */
  arms: z.array(z.string()).optional(),
  seed: z.number().int(),
  purpose: z.enum(trialPurposes),
  /** Of `confirmation`: the part of the held-out examples that it is measured on, from 0. */
  part: z.number().int().nonnegative().optional(),
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

/** One matrix and what is done to it. */
export interface ArmOfMatrix {
  /** Canonical name. */
  readonly name: string;
  readonly arm: Arm;
}

/** Equal for the same matrices treated the same way, whatever their order. */
export function setFingerprint(set: readonly ArmOfMatrix[]): string {
  const lines = set.map(({ name, arm }) => `${name} ${armName(arm)}`).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 8);
}

/** Several matrices at once, each with an arm of its own; none for `full`. */
export function makeJointSpec(
  set: readonly ArmOfMatrix[],
  options: {
    readonly seed: number;
    readonly purpose: "joint" | "confirmation";
    readonly steps: number;
    readonly learningRate: number;
    readonly part?: number;
  },
): TrialSpec {
  const names = [...new Set(set.map(({ arm }) => armName(arm)))];
  const arm = names.length === 0 ? "full" : names.length === 1 ? names[0] : "mixed";
  const what = set.length === 0 ? "full" : `${arm} ${set.length} matrices ${setFingerprint(set)}`;
  const on = options.part === undefined ? "" : `, held-out part ${options.part + 1}`;
  return {
    key: `${options.purpose}: ${what}${on}, seed ${options.seed}`,
    matrices: set.map(({ name }) => name),
    arm,
    ...(arm === "mixed" && { arms: set.map((own) => armName(own.arm)) }),
    ...options,
  };
}

/** What is done to each of a trial's matrices. @throws UsageError for a word that is no arm. */
export function armsOf({ matrices, arm, arms }: Pick<TrialSpec, "matrices" | "arm" | "arms">): Arm[] {
  return matrices.map((_, index) => parseArm(arms?.[index] ?? arm));
}
