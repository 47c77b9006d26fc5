/** @file A model that is to be tested: its facts and the matrices that are asked for, from headers and config alone. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { matchMatrices } from "../checkpoint/match-matrices.js";
import { parameterCount } from "../checkpoint/parameter-count.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { InputError } from "../foundation/errors.js";
import { architectureOf } from "../model/architecture.js";
import type { LanguageModel } from "../model/language-model.js";
import type { TestRecord } from "../records/test-record.js";

export interface TestedModel {
  readonly facts: TestRecord["model"];
  readonly model: LanguageModel;
  /** Canonical matrices by target. */
  readonly targets: readonly (readonly CheckpointMatrix[])[];
}

/** Where the paper looked first: the matrix that writes attention's result into the residual stream. */
const attentionOutput = /^(attn\.c_proj|self_attn\.o_proj|attention\.dense)$/;

function demandFolder(path: string): void {
  if (existsSync(path) && !statSync(path).isDirectory())
    throw new InputError(
      `${path}: is a file; to train, give the model's folder with its config.json and tokenizer.json.`,
    );
  if (existsSync(path) && !existsSync(join(path, "config.json")))
    throw new InputError(
      `${path}: has no config.json, which says how the weights are put together. Give a folder that has one.`,
    );
}

function selected(matrices: readonly CheckpointMatrix[], globs: readonly string[], source: string): CheckpointMatrix[] {
  if (globs.length > 0) {
    const names = new Set(globs.flatMap((glob) => matchMatrices(matrices, glob)).map(({ name }) => name));
    return matrices.filter(({ name }) => names.has(name));
  }
  const found = matrices.filter(({ role }) => attentionOutput.test(role));
  if (found.length === 0)
    throw new InputError(`${source}: no attention output projection is found. Name matrices by --matrix.`);
  return found;
}

/** What the architecture asks for, by the header's shapes: the data need not be read to see that they do not fit. */
function demandWeights(
  checkpoint: Checkpoint,
  model: LanguageModel,
  matrices: readonly CheckpointMatrix[],
): CheckpointMatrix[] {
  const parameters = new Set(model.parameters.map(({ name }) => name));
  const trainable = matrices.filter(({ name }) => parameters.has(`${name}.weight`));
  if (trainable.length === 0)
    throw new InputError(
      `${checkpoint.source}: none of its weights is one that config.json calls for. Another model's config?`,
    );
  return trainable;
}

/**
 * @param source as asked for; @param path where it lies. Reads every byte once, for the hash.
 * @throws InputError where it cannot be trained, or a glob matches nothing.
 */
export function openTestedModel(
  source: string,
  path: string,
  { matrices: globs, together }: { readonly matrices: readonly string[]; readonly together: boolean },
): TestedModel {
  demandFolder(path);
  const checkpoint = openCheckpoint(path);
  try {
    if (checkpoint.config === null)
      throw new InputError(`${source}: has no config.json, which says how the weights are put together.`);
    const model = architectureOf(checkpoint.config, `${source}/config.json`).build();
    const chosen = selected(demandWeights(checkpoint, model, listMatrices(checkpoint)), globs, source);
    return {
      model,
      facts: {
        ...{ source, sha256: checkpoint.sha256(), architecture: model.architecture },
        parameters: parameterCount(checkpoint),
        ...{ contextLength: model.contextLength, vocabularySize: model.vocabularySize },
      },
      targets: together ? [chosen] : chosen.map((matrix) => [matrix]),
    };
  } finally {
    checkpoint.close();
  }
}
