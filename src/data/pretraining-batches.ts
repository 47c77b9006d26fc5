/** @file Batches of consecutive tokens for training on plain text, as a pure function of the step. */
import { InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";

export interface PretrainingBatch {
  /** [rows * length] */
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** [rows * length] the token that follows each. */
  readonly targets: Int32Array;
  /** [rows * length] each 1 / (rows * length). */
  readonly weights: Float32Array;
}

export interface PretrainingBatches {
  /** Each epoch cuts the text into windows anew, from a random offset, and shuffles them. */
  batchAt(step: number): PretrainingBatch;
  /** The first windows of the text, in order: for evaluation. */
  inOrder(batches: number): PretrainingBatch[];
}

/** @param text token ids of all documents, one after the other. @throws InputError where it does not fill a batch. */
export function pretrainingBatches(
  text: Int32Array,
  { rows, length }: { rows: number; length: number },
  seed: number,
): PretrainingBatches {
  const windows = Math.floor((text.length - 1 - length) / length);
  if (windows < rows)
    throw new InputError(
      `The text has ${text.length} tokens; a batch of ${rows} x ${length} needs ${(rows + 1) * length + 1}.`,
    );
  const batchesPerEpoch = Math.floor(windows / rows);
  const count = rows * length;
  const positions = Int32Array.from({ length: count }, (_, i) => i % length);
  const weights = new Float32Array(count).fill(1 / count);
  const batchOf = (begins: readonly number[]): PretrainingBatch => {
    const tokens = new Int32Array(count);
    const targets = new Int32Array(count);
    begins.forEach((begin, row) => {
      tokens.set(text.subarray(begin, begin + length), row * length);
      targets.set(text.subarray(begin + 1, begin + length + 1), row * length);
    });
    return { tokens, positions, targets, weights };
  };
  let shuffled: { epoch: number; offset: number; order: Uint32Array } = {
    epoch: -1,
    offset: 0,
    order: new Uint32Array(0),
  };
  const epochOrder = (epoch: number) => {
    if (shuffled.epoch !== epoch) {
      const chance = randomStream(seed, `text order, epoch ${epoch}`);
      shuffled = { epoch, offset: chance.integer(length), order: chance.permutation(windows) };
    }
    return shuffled;
  };
  const rowIndices = Array.from({ length: rows }, (_, row) => row);
  return {
    batchAt(step) {
      const { offset, order } = epochOrder(Math.floor(step / batchesPerEpoch));
      const first = (step % batchesPerEpoch) * rows;
      return batchOf(rowIndices.map((row) => offset + order[first + row] * length));
    },
    inOrder(batches) {
      if (batches * rows > windows)
        throw new InputError(
          `The held-out text has ${windows} windows of ${length} tokens; ${batches * rows} are wanted.`,
        );
      return Array.from({ length: batches }, (_, batch) =>
        batchOf(rowIndices.map((row) => (batch * rows + row) * length)),
      );
    },
  };
}
