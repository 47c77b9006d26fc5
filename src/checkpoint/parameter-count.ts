/** @file Which stored tensors are parameters, and how many there are. Knows nothing of values. */
import type { Checkpoint } from "./checkpoint.js";
import type { StoredTensor } from "./stored-tensor.js";

const outputHead = /(^|\.)(lm_head(\.decoder)?|embed_out|predictions\.decoder|vocab_projector)\.weight$/;
const tokenEmbedding = /(^|\.)(wte|embed_tokens|embed_in|word_embeddings|shared)\.weight$/;
/** T5 and BART store the shared table once more for each side. */
const sideEmbedding = /^(model\.)?(encoder|decoder)\.embed_tokens\.weight$/;

/** Architectures whose config leaves the key out when it is true: transformers' general default. Llama, GPT-NeoX and others default to false. */
const tiedByDefault: ReadonlySet<unknown> = new Set([
  ...["gpt2", "gpt_neo", "opt", "bloom", "gemma", "gemma2", "t5", "bart"],
  ...["bert", "roberta", "distilbert", "electra", "albert"],
]);

/** Whether a tensor is a constant that old checkpoints store beside the weights: causal masks, rotary frequencies, positions. */
export function isBuffer({ name, shape }: StoredTensor): boolean {
  if (/(^|\.)(attn|attention)\.bias$/.test(name)) return shape.length === 4;
  return /(^|\.)(masked_bias|inv_freq|position_ids)$/.test(name);
}

/** Whether a tensor repeats the token embedding to which the config ties it: an output head, or the table of one side of T5. */
export function isTiedCopy(checkpoint: Checkpoint, { name, shape }: StoredTensor): boolean {
  const side = sideEmbedding.test(name);
  if (!(outputHead.test(name) || side)) return false;
  const { config, tensors } = checkpoint;
  if ((config?.tie_word_embeddings ?? tiedByDefault.has(config?.model_type)) !== true && !side) return false;
  const isTable = side ? /(^|\.)shared\.weight$/ : tokenEmbedding;
  return [...tensors.values()].some(
    (other) => other.name !== name && isTable.test(other.name) && other.shape.join() === shape.join(),
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
