/** @file What of a checkpoint goes into one that is made from it, before anything is replaced. Reads no tensor. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { companionFiles, configOfWritten } from "../checkpoint/companion-files.js";
import { isBuffer, tiedTable } from "../checkpoint/parameter-count.js";
import { type WritableDtype, writableDtype } from "../checkpoint/safetensors-writer.js";
import { isScale } from "../checkpoint/stored-scale.js";
import type { StoredTensor } from "../checkpoint/stored-tensor.js";
import { unreadableReason } from "../checkpoint/tensor-elements.js";
import { InputError } from "../foundation/errors.js";

export interface WritableContent {
  /** The parameters, in the order of the data, each with the type in which it is written. */
  readonly kept: readonly { readonly stored: StoredTensor; readonly dtype: WritableDtype }[];
  /** Stored tensors that repeat another one because the config ties them. */
  readonly copies: { name: string; of: string }[];
  readonly config: Readonly<Record<string, unknown>>;
  /** Tokenizer and the like, by file name. */
  readonly companions: Readonly<Record<string, string | Uint8Array>>;
}

/** Constants that transformers makes itself are left out, and the scales of quantized weights, which are written plainly. @throws InputError */
export function writableContent(checkpoint: Checkpoint): WritableContent {
  const { source, config, tensors, dataOrder } = checkpoint;
  if (config === null)
    throw new InputError(
      `${source}: a checkpoint is written with its config.json, and there is none. Give the model's folder.`,
    );
  const kept: { stored: StoredTensor; dtype: WritableDtype }[] = [];
  const copies: { name: string; of: string }[] = [];
  for (const name of dataOrder) {
    const stored = tensors.get(name)!;
    if (isBuffer(stored) || isScale(stored, tensors)) continue;
    const table = tiedTable(checkpoint, stored);
    if (table !== null) {
      copies.push({ name, of: table.name });
      continue;
    }
    const reason = unreadableReason(checkpoint, stored);
    if (reason !== null) throw new InputError(`${source}: tensor '${name}' is ${reason}. Dequantize the model first.`);
    kept.push({ stored, dtype: writableDtype(stored.dtype) });
  }
  return { kept, copies, config: configOfWritten(config, kept), companions: companionFiles(source) };
}
