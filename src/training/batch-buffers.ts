/** @file The fixed arrays that batches of one shape are copied into, bound once to a program. */
import type { Buffer } from "../engine/backend.js";
import { ShapeError } from "../foundation/errors.js";
import type { BatchShape } from "../model/model-graph.js";

/** What one step computes on. Arrays that the shape does not have may be absent. */
export interface TrainingBatch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly segments?: Int32Array;
  readonly scoredRows?: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
  /** Which example each slot belongs to; -1 where it is unused. */
  readonly exampleOfSlot?: Int32Array;
}

/** A batch, or the part of one that is computed at once. */
export interface ShapedBatch {
  readonly batch: TrainingBatch;
  readonly shape: BatchShape;
}

export interface BatchBuffers {
  readonly arrays: ReadonlyMap<string, Buffer>;
  /** @throws ShapeError where an array is missing or of another length than the shape's. */
  fill(batch: TrainingBatch): void;
}

/** @param names of the arrays that are wanted; all by default. */
export function batchBuffers(shape: BatchShape, names?: readonly string[]): BatchBuffers {
  const count = shape.rows * shape.length;
  const slots = shape.slots ?? count;
  const arrays = new Map<string, Buffer>([
    ["tokens", new Int32Array(count)],
    ["positions", new Int32Array(count)],
    ["targets", new Int32Array(slots)],
    ["weights", new Float32Array(slots)],
  ]);
  if (shape.packed) arrays.set("segments", new Int32Array(count));
  if (shape.slots !== null) arrays.set("scoredRows", new Int32Array(slots));
  if (names) for (const name of [...arrays.keys()]) if (!names.includes(name)) arrays.delete(name);
  return {
    arrays,
    fill(batch) {
      for (const [name, array] of arrays) {
        const values = batch[name as keyof TrainingBatch];
        if (values?.length !== array.length)
          throw new ShapeError(
            `Batch: '${name}' has ${values?.length ?? "no"} elements, its shape (${shape.rows} x ${shape.length}, ${slots} scored) wants ${array.length}.`,
          );
        array.set(values);
      }
    },
  };
}
