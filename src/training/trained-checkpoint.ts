/** @file A trained model as the content of a checkpoint folder: names, config and tokenizer of the checkpoint that it came from. */
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointFolderContent } from "../checkpoint/checkpoint-folder.js";
import { canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { companionFiles, configOfWritten } from "../checkpoint/companion-files.js";
import { isBuffer, isTiedCopy } from "../checkpoint/parameter-count.js";
import { type WritableDtype, type WritableTensor, writableDtype } from "../checkpoint/safetensors-writer.js";
import type { StoredTensor } from "../checkpoint/stored-tensor.js";
import { InputError } from "../foundation/errors.js";

export interface TrainedCheckpointOptions {
  /** Of the weights; `source` keeps that of each tensor, float32 for what cannot be written. */
  readonly dtype?: WritableDtype | "source";
}

/**
 * @param source the folder that the model was opened from; its tensors are written under their names, constants that transformers
 * makes itself apart. @param weights every parameter of the dense model by name.
 * @throws InputError where a tensor of the source is no parameter of the model.
 */
export function trainedCheckpoint(
  source: string,
  weights: ReadonlyMap<string, Float32Array>,
  { dtype = "source" }: TrainedCheckpointOptions = {},
): CheckpointFolderContent {
  const checkpoint = openCheckpoint(source);
  try {
    const byName = new Map([...weights].map(([name, values]) => [canonicalName(name), values]));
    const head = [...checkpoint.tensors.values()].find(
      ({ name }) => byName.has(canonicalName(name)) && /(^|\.)(wte|embed_tokens|embed_in)\.weight$/.test(name),
    );
    const valuesOf = (tensor: StoredTensor) => {
      const tied = isTiedCopy(checkpoint, tensor) && head !== undefined ? head.name : tensor.name;
      const values = byName.get(canonicalName(tied));
      if (values === undefined)
        throw new InputError(
          `${source}: tensor '${tensor.name}' is no parameter of the model, so it cannot be saved with it.`,
        );
      return values;
    };
    const tensors = [...checkpoint.tensors.values()]
      .filter((tensor) => !isBuffer(tensor))
      .map(
        (tensor): WritableTensor => ({
          ...{ name: tensor.name, shape: tensor.shape, data: valuesOf(tensor) },
          dtype: dtype === "source" ? writableDtype(tensor.dtype) : dtype,
        }),
      );
    return {
      config: configOfWritten(checkpoint.config, tensors),
      tensors,
      extraFiles: companionFiles(source),
    };
  } finally {
    checkpoint.close();
  }
}
