/** @file The ordinary checkpoint with a plan's replacements carried out. Knows nothing of smaller forms. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointFolderContent } from "../checkpoint/checkpoint-folder.js";
import type { WritableTensor } from "../checkpoint/safetensors-writer.js";
import { storedValues } from "../checkpoint/stored-values.js";
import type { CheckedPlan } from "./checked-plan.js";
import { replacedMatrices, replacedValues } from "./replaced-matrix.js";
import { writableContent } from "./writable-content.js";

/**
 * Names and element types of the source; a tied head is written where the source stores one. Tensors are read when they are written,
 * while `checkpoint` is open.
 * @throws InputError where a tensor cannot be read; where an applied plan does not fit, when the matrix is written.
 */
export function replacedCheckpoint(checkpoint: Checkpoint, plan: CheckedPlan): CheckpointFolderContent {
  const { kept, copies, config, companions } = writableContent(checkpoint);
  const targets = replacedMatrices(checkpoint, plan);
  const tensors = new Map(
    kept.map(({ stored, dtype }): [string, WritableTensor] => {
      const target = targets.get(stored.name);
      const data = () => (target === undefined ? storedValues(checkpoint, stored) : replacedValues(target));
      return [stored.name, { name: stored.name, shape: stored.shape, dtype, data }];
    }),
  );
  const tied = copies.map(({ name, of }): WritableTensor => ({ ...tensors.get(of)!, name }));
  return { config, tensors: [...tensors.values(), ...tied], extraFiles: companions };
}
