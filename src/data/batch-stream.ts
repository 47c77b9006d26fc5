/** @file An endless stream of packed batches, reshuffled each epoch. */
import { InputError } from "../foundation/errors.js";
import type { RandomStream } from "../foundation/random.js";
import { type PackedBatch, type PackedShape, packBatch } from "./packing.js";
import type { SftExample } from "./sft-example.js";

/** @param chance decides the order; two streams of one seed and name give the same batches. @throws InputError where there is no example. */
export function* sftBatches(
  examples: readonly SftExample[],
  shape: PackedShape,
  chance: RandomStream,
): Generator<PackedBatch, never> {
  if (examples.length === 0) throw new InputError("The training split holds no example.");
  for (;;) {
    const order = chance.permutation(examples.length);
    for (let begin = 0; begin < order.length; ) {
      const { batch, end } = packBatch(examples, order, begin, shape);
      yield batch;
      begin = end;
    }
  }
}
