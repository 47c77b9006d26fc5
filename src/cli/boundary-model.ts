/** @file The model of a boundary search: which of its matrices may go, and what they come to. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { matchMatrices } from "../checkpoint/match-matrices.js";
import { isBuffer, isTiedCopy } from "../checkpoint/parameter-count.js";
import { dtypeBits, isDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import { elementCount } from "../graph/graph.js";
import { openTrainableModel, type TrainableModel } from "./trainable-model.js";

export interface Chosen {
  readonly candidates: readonly CheckpointMatrix[];
  /** Of the checkpoint's weights in their own dtypes. */
  readonly bytes: number;
}

function chosen(matrices: readonly CheckpointMatrix[], globs: readonly string[], source: string): CheckpointMatrix[] {
  if (globs.length > 0) {
    const names = new Set(globs.flatMap((glob) => matchMatrices(matrices, glob)).map(({ name }) => name));
    return matrices.filter(({ name }) => names.has(name));
  }
  const found = matrices.filter(({ layer }) => layer !== null);
  if (found.length === 0)
    throw new InputError(`${source}: no matrix is found that belongs to a layer. Name matrices by --matrix.`);
  return found;
}

function weightBytes(checkpoint: Checkpoint): number {
  return [...checkpoint.tensors.values()]
    .filter((tensor) => !(isBuffer(tensor) || isTiedCopy(checkpoint, tensor)))
    .reduce((sum, { dtype, shape }) => sum + (elementCount(shape) * (isDtype(dtype) ? dtypeBits(dtype) : 32)) / 8, 0);
}

/** @param globs none: every matrix of a layer, embeddings and head apart. @throws InputError where it cannot be trained, or a glob matches nothing. */
export function openBoundaryModel(source: string, path: string, globs: readonly string[]): TrainableModel<Chosen> {
  return openTrainableModel(source, path, (matrices, checkpoint) => ({
    candidates: chosen(matrices, globs, source),
    bytes: weightBytes(checkpoint),
  }));
}
