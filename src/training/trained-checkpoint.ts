/** @file A trained model as the content of a checkpoint folder: names, config and tokenizer of the checkpoint that it came from. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointFolderContent } from "../checkpoint/checkpoint-folder.js";
import { canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { isBuffer, isTiedCopy } from "../checkpoint/parameter-count.js";
import type { WritableDtype, WritableTensor } from "../checkpoint/safetensors-writer.js";
import type { StoredTensor } from "../checkpoint/stored-tensor.js";
import { InputError } from "../foundation/errors.js";

export interface TrainedCheckpointOptions {
  /** Of the weights; `source` keeps that of each tensor, float32 for what cannot be written. */
  readonly dtype?: WritableDtype | "source";
}

/** What lies beside the weights and goes with them, text and binary. */
const companions = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja"],
  ...["vocab.json", "merges.txt", "tokenizer.model", "generation_config.json"],
];
const mostBytes = 256 * 2 ** 20;

const torchNames: Readonly<Record<WritableDtype, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };
const writable = (dtype: string): WritableDtype => (dtype === "F16" || dtype === "BF16" ? dtype : "F32");

function companionFiles(folder: string): Record<string, string | Uint8Array> {
  const found = companions.filter((name) => {
    const path = join(folder, name);
    return existsSync(path) && statSync(path).isFile() && statSync(path).size <= mostBytes;
  });
  return Object.fromEntries(found.map((name) => [name, readFileSync(join(folder, name))]));
}

/** The config in the spelling that it had, with the dtype that is written; weights are stored plainly whatever they were. */
function configOf({ config }: Checkpoint, dtypes: ReadonlySet<WritableDtype>): Record<string, unknown> {
  const { quantization_config: _quantization, ...kept } = config ?? {};
  const key = "dtype" in kept ? "dtype" : "torch_dtype";
  const [only] = dtypes;
  return { ...kept, [key]: torchNames[dtypes.size === 1 ? only : "F32"] };
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
          dtype: dtype === "source" ? writable(tensor.dtype) : dtype,
        }),
      );
    return {
      config: configOf(checkpoint, new Set(tensors.map((tensor) => tensor.dtype as WritableDtype))),
      tensors,
      extraFiles: companionFiles(source),
    };
  } finally {
    checkpoint.close();
  }
}
