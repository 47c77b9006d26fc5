/** @file The trainer of a model in which what is frozen changes along the way. Knows no rule and no schedule. */
import type { PackedBatch } from "../data/packing.js";
import type { SftExample } from "../data/sft-example.js";
import type { Backend } from "../engine/backend.js";
import { type LanguageModel, parameterCount } from "../model/language-model.js";
import type { AdamWOptions } from "./adamw.js";
import { frozenPrefix, leadingGroups } from "./freezing-group.js";
import { carryMoments } from "./parameter-store.js";
import { bytesPerPosition } from "./prefix-activations.js";
import { Trainer } from "./trainer.js";

export interface FreezingOptions {
  readonly backend: Backend;
  readonly model: LanguageModel;
  readonly optimizer: AdamWOptions;
  readonly training: readonly SftExample[];
  readonly heldOut: readonly PackedBatch[];
  /** Bytes that kept activations may take; 0: nothing is kept. */
  readonly cacheBytes: number;
}

export interface FreezingTrainer {
  readonly trainer: Trainer;
  readonly trainableParameters: number;
  /** Of all parameters, 0..1. */
  readonly frozenShare: number;
  /** Leading groups that no gradient enters, the embeddings as one of them. */
  readonly prefixBlocks: number;
  /** Whether the prefix's activations are kept. */
  readonly cached: boolean;
}

/** All or nothing: what every training example and every held-out batch takes. */
function fitsCache({ model, training, heldOut, cacheBytes }: FreezingOptions, trainable: readonly string[]): boolean {
  if (cacheBytes <= 0) return false;
  const positions =
    training.reduce((sum, { tokens }) => sum + tokens.length, 0) +
    heldOut.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return positions * bytesPerPosition(model, trainable) <= cacheBytes;
}

/** @param frozen names of parameters; nothing below the lowest other one is differentiated. */
export function openFreezingTrainer(
  options: FreezingOptions,
  weights: ReadonlyMap<string, Float32Array>,
  frozen: ReadonlySet<string>,
): FreezingTrainer {
  const { backend, model, optimizer, training } = options;
  const trainable = model.parameters.map(({ name }) => name).filter((name) => !frozen.has(name));
  const prefixBlocks = frozenPrefix(leadingGroups(model.parameters), frozen);
  const cached = prefixBlocks > 0 && trainable.length > 0 && fitsCache(options, trainable);
  const isTrainable = (name: string) => !frozen.has(name);
  const keptFor = cached ? training : undefined;
  const trainer = new Trainer(backend, { model, weights, optimizer, isTrainable, keptFor });
  const { trainableParameters } = trainer.store;
  const frozenShare = 1 - trainableParameters / parameterCount(model.parameters);
  return { trainer, trainableParameters, frozenShare, prefixBlocks, cached };
}

/**
 * The same model with other parameters frozen; disposes of the trainer that it had. Weights and the moments of what stays trainable
 * are carried over to the bit. What is thawed begins with moments of zero under the global step: as the bias correction is over by
 * then, its first updates are shorter by (1 - beta1) / sqrt(1 - beta2), 0.45 by default: a warm-up of its own.
 */
export async function refreeze(
  { trainer: earlier }: FreezingTrainer,
  options: FreezingOptions,
  frozen: ReadonlySet<string>,
): Promise<FreezingTrainer> {
  // Sessions before memory: only one of the two models has both.
  await earlier.dispose();
  const next = openFreezingTrainer(options, earlier.store.weights, frozen);
  carryMoments(earlier.store, next.trainer.store);
  return next;
}
