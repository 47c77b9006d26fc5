/** @file An endless stream of packed batches, reshuffled each epoch. */
import { InputError } from "../foundation/errors.js";
import type { RandomStream } from "../foundation/random.js";
import { type PackedBatch, type PackedShape, packBatch } from "./packing.js";
import type { SftExample } from "./sft-example.js";

/**
 * Every example once an epoch. The last batch of an epoch is filled up from the next one: a batch of few scored tokens would weigh
 * as much as a full one.
 * @param chance decides the order; two streams of one seed and name give the same batches. @throws InputError where there is no example.
 */
export function* sftBatches(
  examples: readonly SftExample[],
  shape: PackedShape,
  chance: RandomStream,
): Generator<PackedBatch, never> {
  if (examples.length === 0) throw new InputError("The training split holds no example.");
  for (let order: number[] = []; ; ) {
    const { batch, end } = packBatch(examples, order, 0, shape);
    if (end === order.length) order = [...order, ...chance.permutation(examples.length)];
    else {
      yield batch;
      order = order.slice(end);
    }
  }
}
