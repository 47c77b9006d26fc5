/** @file Tiny checkpoints, each with a plan of every action: what the folders in `fixtures/export` were exported from. */
import { fileURLToPath } from "node:url";
import type { Checkpoint } from "../src/checkpoint/checkpoint.js";
import { parameterCount } from "../src/checkpoint/parameter-count.js";
import { type CheckedPlan, checkedPlan } from "../src/export/checked-plan.js";
import { effectiveParameters, type SizedAction } from "../src/records/effective-parameters.js";
import type { PlannedMatrix, PlanRecord } from "../src/records/plan-record.js";

const fixture = (path: string): string => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));

export interface ExportCase {
  readonly source: string;
  readonly matrices: readonly PlannedMatrix[];
}

/** GPT-2 stores its matrices the other way round; the head of the first two is tied; the third is stored in bfloat16. */
export const exportCases: Readonly<Record<"gpt2" | "llama" | "mistral", ExportCase>> = {
  gpt2: {
    source: fixture("checkpoint/tiny-gpt2"),
    matrices: [
      { name: "h.0.attn.c_attn", action: "crystal", rank: 2 },
      { name: "h.0.attn.c_proj", action: "random", seed: 3 },
      { name: "h.0.mlp.c_proj", action: "freeze" },
      // Factors of rank 5 would hold 80 numbers, the matrix holds 64.
      { name: "h.1.attn.c_proj", action: "crystal", rank: 5 },
      { name: "h.1.mlp.c_fc", action: "zero" },
      { name: "h.1.mlp.c_proj", action: "random", seed: -7, deviation: 0.05 },
    ],
  },
  llama: {
    source: fixture("architectures/llama"),
    matrices: [
      { name: "embed_tokens", action: "random", seed: 2 ** 53 - 1, deviation: 0.3 },
      { name: "layers.0.mlp.down_proj", action: "crystal", rank: 3 },
      { name: "layers.0.self_attn.q_proj", action: "crystal", rank: 1 },
      { name: "layers.1.mlp.gate_proj", action: "zero" },
      { name: "layers.1.mlp.up_proj", action: "freeze" },
      { name: "layers.1.self_attn.o_proj", action: "random", seed: 11 },
    ],
  },
  mistral: {
    source: fixture("architectures/mistral"),
    matrices: [
      { name: "lm_head", action: "crystal", rank: 4 },
      { name: "layers.0.self_attn.o_proj", action: "random", seed: 5 },
      { name: "layers.0.self_attn.q_proj", action: "crystal", rank: 2 },
      { name: "layers.1.mlp.down_proj", action: "zero" },
    ],
  },
};

export const exportFixture = (path: string): string => fixture(`export/${path}`);

/** The plan of some matrices, with the sizes that it claims. */
export function planOf(
  checkpoint: Checkpoint,
  matrices: readonly PlannedMatrix[],
  more: Partial<PlanRecord> = {},
): CheckedPlan {
  const record: PlanRecord = {
    ...{ schema: "deadweight/plan@1", version: "0.0.0", model: checkpoint.sha256(), evidence: null },
    ...{ matrices: [...matrices], parameters: parameterCount(checkpoint), effectiveParameters: 0 },
    ...more,
  };
  const plan = checkedPlan(record, "plan.json", checkpoint, null);
  const sized = plan.matrices.map(
    ({ planned, matrix }): SizedAction => ({ ...planned, rows: matrix.rows, cols: matrix.cols }),
  );
  return { ...plan, record: { ...record, effectiveParameters: effectiveParameters(record.parameters, sized) } };
}
