/** @file A model's folder opened for fine-tuning: what it is, which matrices it trains, and that its values are finite. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { type CheckpointMatrix, canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { parameterCount } from "../checkpoint/parameter-count.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { InputError } from "../foundation/errors.js";
import { type Architecture, architectureOf } from "../model/architecture.js";
import type { LanguageModel } from "../model/language-model.js";
import { readRecord } from "../records/record-file.js";
import type { TestRecord } from "../records/test-record.js";
import { locateWeights } from "../training/base-model.js";

export interface TrainableModel<Chosen> {
  readonly facts: TestRecord["model"];
  readonly model: LanguageModel;
  /** The model with some weights applied as two thin products. */
  readonly build: Architecture["build"];
  /** All that it trains, in the order of the layers. */
  readonly matrices: readonly CheckpointMatrix[];
  readonly chosen: Chosen;
}

function demandFolder(path: string): void {
  if (!existsSync(path))
    throw new InputError(
      `${path}: no such folder. Give a model's folder in Hugging Face layout, or a hub id org/name.`,
    );
  if (!statSync(path).isDirectory())
    throw new InputError(
      `${path}: is a file; to train, give the model's folder with its config.json and tokenizer.json.`,
    );
  if (!existsSync(join(path, "config.json")))
    throw new InputError(
      `${path}: has no config.json, which says how the weights are put together. Give a folder that has one.`,
    );
}

/** From config.json alone: what cannot be trained is named whatever the weights look like. */
function architectureIn(source: string, path: string): Architecture {
  const config = readRecord(join(path, "config.json"), z.looseObject({}));
  return architectureOf(config, `${source}/config.json`);
}

/** Of the matrices, those that the model trains. By the headers: the data need not be read to see that they do not fit. */
function trainableMatrices(checkpoint: Checkpoint, model: LanguageModel): CheckpointMatrix[] {
  const located = new Set(locateWeights(checkpoint, model.parameters).values());
  return listMatrices(checkpoint).filter(({ tensor }) => located.has(tensor));
}

/** A weight that is not finite would show as a sweep of diverged trials. In the order of the files, which the hash shares. */
function demandFinite(checkpoint: Checkpoint, model: LanguageModel): void {
  const parameters = new Set(model.parameters.map(({ name }) => canonicalName(name)));
  for (const tensor of checkpoint.dataOrder.filter((name) => parameters.has(canonicalName(name)))) {
    const values = checkpoint.readFloat32(tensor);
    let zero = 0;
    for (const value of values) zero += value * 0;
    if (Number.isNaN(zero))
      throw new InputError(
        `${checkpoint.source}: tensor '${tensor}' holds NaN or infinite values, the first as element ${values.findIndex((value) => !Number.isFinite(value))}. Such a model cannot be trained; give another checkpoint.`,
      );
  }
}

/**
 * @param source as asked for; @param path where it lies. Config first, then headers, then every byte once: for the hash, and for
 * values that are not finite. @param choose what is wanted of its matrices, and refuses what cannot be, before the bytes are read.
 * @throws InputError where it cannot be trained, and what `choose` throws.
 */
export function openTrainableModel<Chosen>(
  source: string,
  path: string,
  choose: (matrices: readonly CheckpointMatrix[], checkpoint: Checkpoint) => Chosen,
): TrainableModel<Chosen> {
  demandFolder(path);
  const { build } = architectureIn(source, path);
  const model = build();
  const checkpoint = openCheckpoint(path, { hashWhileReading: true });
  try {
    const matrices = trainableMatrices(checkpoint, model);
    const chosen = choose(matrices, checkpoint);
    demandFinite(checkpoint, model);
    return {
      ...{ model, build, matrices, chosen },
      facts: {
        ...{ source, sha256: checkpoint.sha256(), architecture: model.architecture },
        parameters: parameterCount(checkpoint),
        ...{ contextLength: model.contextLength, vocabularySize: model.vocabularySize },
      },
    };
  } finally {
    checkpoint.close();
  }
}
