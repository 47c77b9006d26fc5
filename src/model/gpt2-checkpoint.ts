/** @file A GPT-2 as the content of a checkpoint folder that transformers opens. Knows no files. */
import type { CheckpointFolderContent } from "../checkpoint/checkpoint-folder.js";
import { type Gpt2Config, gpt2ConfigJson } from "../checkpoint/gpt2-config.js";
import { gpt2 } from "./gpt2.js";

/** @param weights every parameter by name; stored in float32 under the names of GPT2LMHeadModel. */
export function gpt2Checkpoint(
  config: Gpt2Config,
  weights: ReadonlyMap<string, Float32Array>,
): CheckpointFolderContent {
  return {
    config: gpt2ConfigJson(config),
    tensors: gpt2(config).parameters.map(({ name, shape }) => ({
      name: name.startsWith("lm_head.") ? name : `transformer.${name}`,
      shape,
      dtype: "F32",
      data: weights.get(name)!,
    })),
  };
}
