/** @file Models of many layers by the names of their parameters, as transformers' classes have them, with plans for them. */

import type { Checkpoint } from "../src/checkpoint/checkpoint.js";
import { listMatrices } from "../src/checkpoint/weight-names.js";
import { checkedPlan } from "../src/export/checked-plan.js";
import type { HandoverRequest } from "../src/export/handover.js";
import { modelParameters } from "../src/export/model-parameters.js";
import type { PlannedMatrix, PlanRecord } from "../src/records/plan-record.js";
import { type MemoryTensor, memoryCheckpoint } from "./memory-checkpoint.js";

const width = 64;

type Shapes = Readonly<Record<string, readonly number[]>>;

const repeated = (layers: number, container: string, inLayer: Shapes): Shapes =>
  Object.fromEntries(
    Array.from({ length: layers }, (_, layer) =>
      Object.entries(inLayer).map(([name, shape]) => [`${container}.${layer}.${name}`, shape]),
    ).flat(),
  );

const withBias = (name: string, shape: readonly number[], outputs: number): Shapes => ({
  [`${name}.weight`]: shape,
  [`${name}.bias`]: [outputs],
});

const gpt2: Shapes = {
  "wte.weight": [90, width],
  "wpe.weight": [32, width],
  ...repeated(12, "h", {
    ...withBias("ln_1", [width], width),
    ...withBias("attn.c_attn", [width, 3 * width], 3 * width),
    ...withBias("attn.c_proj", [width, width], width),
    ...withBias("ln_2", [width], width),
    ...withBias("mlp.c_fc", [width, 4 * width], 4 * width),
    ...withBias("mlp.c_proj", [4 * width, width], width),
  }),
  ...withBias("ln_f", [width], width),
};

const llama: Shapes = {
  "model.embed_tokens.weight": [90, width],
  ...repeated(22, "model.layers", {
    "input_layernorm.weight": [width],
    "self_attn.q_proj.weight": [width, width],
    "self_attn.k_proj.weight": [width / 2, width],
    "self_attn.v_proj.weight": [width / 2, width],
    "self_attn.o_proj.weight": [width, width],
    "post_attention_layernorm.weight": [width],
    "mlp.gate_proj.weight": [150, width],
    "mlp.up_proj.weight": [150, width],
    "mlp.down_proj.weight": [width, 150],
  }),
  "model.norm.weight": [width],
  "lm_head.weight": [90, width],
};

const gptNeox: Shapes = {
  "gpt_neox.embed_in.weight": [90, width],
  ...repeated(12, "gpt_neox.layers", {
    ...withBias("input_layernorm", [width], width),
    ...withBias("post_attention_layernorm", [width], width),
    ...withBias("attention.query_key_value", [3 * width, width], 3 * width),
    ...withBias("attention.dense", [width, width], width),
    ...withBias("mlp.dense_h_to_4h", [4 * width, width], 4 * width),
    ...withBias("mlp.dense_4h_to_h", [width, 4 * width], width),
  }),
  ...withBias("gpt_neox.final_layer_norm", [width], width),
  "embed_out.weight": [90, width],
};

function named(shapes: Shapes, config: Record<string, unknown>): Checkpoint {
  const tensors = Object.entries(shapes).map(([name, shape]): [string, MemoryTensor] => [
    name,
    { dtype: "F32", shape },
  ]);
  return memoryCheckpoint(Object.fromEntries(tensors), config);
}

const underWrapper = (wrapper: string): Shapes =>
  Object.fromEntries(Object.entries(gpt2).map(([name, shape]) => [`${wrapper}.${name}`, shape]));

/** GPT-2's is tied: the head that some files store again is no parameter. The bare one is stored without the wrapper's name. */
export const namedModels = {
  gpt2: named({ ...underWrapper("transformer"), "lm_head.weight": [90, width] }, { model_type: "gpt2" }),
  bareGpt2: named(gpt2, { model_type: "gpt2" }),
  llama: named(llama, { model_type: "llama", tie_word_embeddings: false }),
  gptNeox: named(gptNeox, { model_type: "gpt_neox", tie_word_embeddings: false }),
} as const;

export const freezing = (names: readonly string[]): PlannedMatrix[] =>
  names.map((name) => ({ name, action: "freeze" as const }));

export function requestFor(
  checkpoint: Checkpoint,
  matrices: readonly PlannedMatrix[],
  more: Partial<PlanRecord> = {},
): HandoverRequest {
  const record: PlanRecord = {
    ...{ schema: "deadweight/plan@1", version: "0.0.0", model: checkpoint.sha256(), evidence: null },
    ...{ matrices: [...matrices], parameters: 0, effectiveParameters: 0, ...more },
  };
  const plan = checkedPlan(record, "plan.json", checkpoint, null);
  return { plan, parameters: modelParameters(checkpoint, plan), source: "some/model", trained: "some/model" };
}

export const matrixNames = (checkpoint: Checkpoint): string[] => listMatrices(checkpoint).map(({ name }) => name);

/** The last layer's number and one. */
export const layersOf = (checkpoint: Checkpoint): number =>
  Math.max(...listMatrices(checkpoint).map(({ layer }) => layer ?? -1)) + 1;
