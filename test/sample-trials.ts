/** @file Trials made up from the losses that a test wants. */
import type { TrialOutcome, TrialRecord } from "../src/records/trial-record.js";

export interface SampleTrial {
  readonly arm: string;
  readonly seed: number;
  /** Held-out loss after the last step. */
  readonly loss: number;
  /** Held-out loss at step 0. */
  readonly before?: number;
  readonly matrices?: readonly string[];
  readonly purpose?: TrialRecord["purpose"];
  readonly outcome?: TrialOutcome;
}

export const sampleMatrix = "h.4.attn.c_proj";

export function sampleTrial({ arm, seed, loss, before = 4, purpose = "sft", ...trial }: SampleTrial): TrialRecord {
  const matrices = [...(trial.matrices ?? (arm === "full" ? [] : [sampleMatrix]))];
  return {
    schema: "deadweight/trial@1",
    version: "0",
    key: `${purpose} ${arm} ${matrices.join("+")} ${seed}`,
    matrices,
    arm,
    seed,
    purpose,
    steps: 50,
    learningRate: 1e-3,
    outcome: trial.outcome ?? {
      kind: "finished",
      heldOutLossBefore: before,
      heldOutLossAfter: loss,
      trainLossFirst: before,
      trainLossLast: loss,
      curve: [
        [0, before],
        [50, loss],
      ],
      heldOutLossPerExample: [loss],
      frozenSha256: arm === "full" || arm.endsWith(":trainable") ? {} : { w: ["same", "same"] },
    },
    trainableParameters: 1,
    wallSeconds: 1,
  };
}

/** `full` at a loss of 2 and each arm at its deltas (percent), paired by seed. */
export function sampleTrials(
  deltas: Readonly<Record<string, readonly number[]>>,
  matrix = sampleMatrix,
): TrialRecord[] {
  const seeds = Math.max(...Object.values(deltas).map((values) => values.length));
  const full = Array.from({ length: seeds }, (_, seed) => sampleTrial({ arm: "full", seed, loss: 2 }));
  const arms = Object.entries(deltas).flatMap(([arm, values]) =>
    values.map((delta, seed) => sampleTrial({ arm, seed, loss: 2 * (1 + delta / 100), matrices: [matrix] })),
  );
  return [...full, ...arms];
}
