/** @file A checkpoint opened for training: its architecture, its weights in memory. Knows no data and no arms. */
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { InputError } from "../foundation/errors.js";
import { gpt2 } from "../model/gpt2.js";
import type { LanguageModel } from "../model/language-model.js";
import type { FactoredRanks } from "../model/weight.js";

export interface BaseModel {
  readonly source: string;
  /** Standard deviation of the initialiser. */
  readonly initializerRange: number;
  /** Trained value of every parameter of the dense model, by parameter name; not to be written to. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** The model with some weights applied as two thin products. */
  build(ranks?: FactoredRanks): LanguageModel;
}

function architectureOf(checkpoint: Checkpoint): Pick<BaseModel, "initializerRange" | "build"> {
  if (checkpoint.config === null)
    throw new InputError(
      `${checkpoint.source}: training needs a config.json beside the weights; give the model's folder.`,
    );
  const type = checkpoint.config.model_type;
  if (type !== "gpt2")
    throw new InputError(
      `${checkpoint.source}: config.json has model_type ${JSON.stringify(type)}; only "gpt2" can be trained yet.`,
    );
  const config = parseGpt2Config(checkpoint.config, `${checkpoint.source}/config.json`);
  return { initializerRange: config.initializerRange, build: (ranks) => gpt2(config, ranks) };
}

/** Reads a checkpoint whole. @throws InputError where it is damaged, not supported, or lacks a weight. */
export function openBaseModel(source: string): BaseModel {
  const checkpoint = openCheckpoint(source);
  try {
    const architecture = architectureOf(checkpoint);
    const tensorOf = new Map([...checkpoint.tensors.keys()].map((tensor) => [canonicalName(tensor), tensor]));
    const weights = new Map<string, Float32Array>();
    for (const { name, shape } of architecture.build().parameters) {
      const tensor = tensorOf.get(canonicalName(name));
      const found = tensor === undefined ? undefined : checkpoint.tensors.get(tensor);
      if (tensor === undefined || found === undefined)
        throw new InputError(
          `${source}: the weights lack '${name}', which config.json calls for. Another model's config?`,
        );
      if (found.shape.join() !== shape.join())
        throw new InputError(
          `${source}: tensor '${tensor}' has the shape [${found.shape.join(", ")}]; config.json calls for [${shape.join(", ")}].`,
        );
      weights.set(name, checkpoint.readFloat32(tensor));
    }
    return { source, weights, ...architecture };
  } finally {
    checkpoint.close();
  }
}
