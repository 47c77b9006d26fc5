/** @file A model that is to be tested: its facts, the matrices that are asked for, and whether it can be trained at all. Keeps no values. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { type CheckpointMatrix, canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { matchMatrices } from "../checkpoint/match-matrices.js";
import { parameterCount } from "../checkpoint/parameter-count.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { type Arm, armName } from "../crystal/arm.js";
import { InputError, UsageError } from "../foundation/errors.js";
import { architectureOf } from "../model/architecture.js";
import type { LanguageModel } from "../model/language-model.js";
import { readRecord } from "../records/record-file.js";
import type { TestRecord } from "../records/test-record.js";
import { locateWeights } from "../training/base-model.js";

export interface TestedModel {
  readonly facts: TestRecord["model"];
  readonly model: LanguageModel;
  /** Canonical names of all attention matrices. */
  readonly attention: readonly string[];
  /** Canonical matrices by target. */
  readonly targets: readonly (readonly CheckpointMatrix[])[];
}

const attention = /^(attn|self_attn|attention)\./;
/** Where the paper looked first: the matrix that writes attention's result into the residual stream. */
const attentionOutput = /^(attn\.c_proj|self_attn\.o_proj|attention\.dense)$/;

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
function modelOf(source: string, path: string): LanguageModel {
  const config = readRecord(join(path, "config.json"), z.looseObject({}));
  return architectureOf(config, `${source}/config.json`).build();
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

/** Of the matrices, those that the model trains. By the headers: the data need not be read to see that they do not fit. */
function trainableMatrices(checkpoint: Checkpoint, model: LanguageModel): CheckpointMatrix[] {
  const located = new Set(locateWeights(checkpoint, model.parameters).values());
  return listMatrices(checkpoint).filter(({ tensor }) => located.has(tensor));
}

function demandRanks(matrices: readonly CheckpointMatrix[], arms: readonly Arm[]): void {
  for (const arm of arms) {
    const tooSmall =
      arm.kind === "crystal" ? matrices.find(({ rows, cols }) => arm.rank > Math.min(rows, cols)) : undefined;
    if (tooSmall) {
      const { name, rows, cols } = tooSmall;
      throw new UsageError(
        `${armName(arm)}: ${name} is ${rows} x ${cols}; its rank is at most ${Math.min(rows, cols)}.`,
      );
    }
  }
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

export interface TestedModelOptions {
  /** Globs; none for all attention output projections. */
  readonly matrices: readonly string[];
  readonly together: boolean;
  readonly arms: readonly Arm[];
}

/**
 * @param source as asked for; @param path where it lies. Config first, then headers, then every byte once: for the hash, and for
 * values that are not finite.
 * @throws InputError where it cannot be trained, or a glob matches nothing; UsageError where an arm's rank exceeds a matrix.
 */
export function openTestedModel(
  source: string,
  path: string,
  { matrices: globs, together, arms }: TestedModelOptions,
): TestedModel {
  demandFolder(path);
  const model = modelOf(source, path);
  const checkpoint = openCheckpoint(path, { hashWhileReading: true });
  try {
    const matrices = trainableMatrices(checkpoint, model);
    const chosen = selected(matrices, globs, source);
    demandRanks(chosen, arms);
    demandFinite(checkpoint, model);
    return {
      model,
      facts: {
        ...{ source, sha256: checkpoint.sha256(), architecture: model.architecture },
        parameters: parameterCount(checkpoint),
        ...{ contextLength: model.contextLength, vocabularySize: model.vocabularySize },
      },
      attention: matrices.filter(({ role }) => attention.test(role)).map(({ name }) => name),
      targets: together ? [chosen] : chosen.map((matrix) => [matrix]),
    };
  } finally {
    checkpoint.close();
  }
}
