/** @file Which stored tensors are parameters, and how many there are. Knows nothing of values. */
import type { Checkpoint } from "./checkpoint.js";
import type { StoredTensor } from "./stored-tensor.js";

const outputHead = /(^|\.)(lm_head|embed_out)\.weight$/;
const tokenEmbedding = /(^|\.)(wte|embed_tokens|embed_in)\.weight$/;

/** Whether a tensor is a constant that old checkpoints store beside the weights: causal masks, rotary frequencies, positions. */
export function isBuffer({ name, shape }: StoredTensor): boolean {
  if (/(^|\.)(attn|attention)\.bias$/.test(name)) return shape.length === 4;
  return /(^|\.)(masked_bias|inv_freq|position_ids)$/.test(name);
}

/** Whether a tensor is an output head stored beside the token embedding to which the config ties it. */
export function isTiedCopy(checkpoint: Checkpoint, { name, shape }: StoredTensor): boolean {
  if (!outputHead.test(name)) return false;
  // GPT-2's config leaves the key out when it is true; Llama's, when it is false.
  const tied = checkpoint.config?.tie_word_embeddings ?? checkpoint.config?.model_type === "gpt2";
  if (tied !== true) return false;
  return [...checkpoint.tensors.values()].some(
    (other) => tokenEmbedding.test(other.name) && other.shape.join() === shape.join(),
  );
}

/** Number of parameters: elements of all tensors but buffers, a tied head counted once. */
export function parameterCount(checkpoint: Checkpoint): number {
  let count = 0;
  for (const tensor of checkpoint.tensors.values()) {
    if (isBuffer(tensor) || isTiedCopy(checkpoint, tensor)) continue;
    count += tensor.shape.reduce((product, size) => product * size, 1);
  }
  return count;
}
