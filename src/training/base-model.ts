/** @file A checkpoint opened for training: its architecture, its weights in memory. Knows no data and no arms. */
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { InputError } from "../foundation/errors.js";
import { type Architecture, architectureOf } from "../model/architecture.js";
import type { ParameterSpec } from "../model/language-model.js";

export interface BaseModel extends Architecture {
  readonly source: string;
  /** Trained value of every parameter of the dense model, by parameter name; not to be written to. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

function architectureIn({ config, source }: Checkpoint): Architecture {
  if (config === null)
    throw new InputError(`${source}: training needs a config.json beside the weights; give the model's folder.`);
  return architectureOf(config, `${source}/config.json`);
}

/** @returns the tensor of each parameter, by the headers alone. @throws InputError where one is missing or of another shape. */
export function locateWeights(checkpoint: Checkpoint, parameters: readonly ParameterSpec[]): Map<string, string> {
  const { source, tensors } = checkpoint;
  const tensorOf = new Map([...tensors.keys()].map((tensor) => [canonicalName(tensor), tensor]));
  return new Map(
    parameters.map(({ name, shape }) => {
      const tensor = tensorOf.get(canonicalName(name));
      const found = tensor === undefined ? undefined : tensors.get(tensor);
      if (tensor === undefined || found === undefined)
        throw new InputError(
          `${source}: the weights lack '${name}', which config.json calls for. Another model's config?`,
        );
      if (found.shape.join() !== shape.join())
        throw new InputError(
          `${source}: tensor '${tensor}' has the shape [${found.shape.join(", ")}]; config.json calls for [${shape.join(", ")}].`,
        );
      return [name, tensor];
    }),
  );
}

/** Reads a checkpoint whole. @throws InputError where it is damaged, not supported, or lacks a weight. */
export function openBaseModel(source: string): BaseModel {
  const checkpoint = openCheckpoint(source);
  try {
    const architecture = architectureIn(checkpoint);
    const located = locateWeights(checkpoint, architecture.build().parameters);
    const weights = new Map([...located].map(([name, tensor]) => [name, checkpoint.readFloat32(tensor)]));
    return { source, weights, ...architecture };
  } finally {
    checkpoint.close();
  }
}
