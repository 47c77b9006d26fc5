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

/** The token embedding that a tensor repeats because the config ties it: an output head, or the table of one side of T5; null of others. */
export function tiedTable(checkpoint: Checkpoint, { name, shape }: StoredTensor): StoredTensor | null {
  const side = sideEmbedding.test(name);
  if (!(outputHead.test(name) || side)) return null;
  const { config, tensors } = checkpoint;
  if ((config?.tie_word_embeddings ?? tiedByDefault.has(config?.model_type)) !== true && !side) return null;
  const isTable = side ? /(^|\.)shared\.weight$/ : tokenEmbedding;
  const table = [...tensors.values()].find(
    (other) => other.name !== name && isTable.test(other.name) && other.shape.join() === shape.join(),
  );
  return table ?? null;
}

/** Whether a tensor repeats one that is stored: see `tiedTable`. */
export const isTiedCopy = (checkpoint: Checkpoint, tensor: StoredTensor): boolean =>
  tiedTable(checkpoint, tensor) !== null;

/** Number of parameters: elements of all tensors but buffers, a tied head counted once. */
export function parameterCount(checkpoint: Checkpoint): number {
  let count = 0;
  for (const tensor of checkpoint.tensors.values()) {
    if (isBuffer(tensor) || isTiedCopy(checkpoint, tensor)) continue;
    count += tensor.shape.reduce((product, size) => product * size, 1);
  }
  return count;
}
