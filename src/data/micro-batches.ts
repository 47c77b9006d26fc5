/** @file Splits a packed batch by rows into parts that fit the memory; the losses of the parts add up to the batch's. */
import { fillUnusedSlots, type PackedBatch, type PackedShape } from "./packing.js";

export interface MicroBatch {
  readonly batch: PackedBatch;
  readonly shape: PackedShape;
}

/** Scored positions of a part are rounded up to a power of two, so that few graphs are built. */
const fewestSlots = 32;

function slotsFor(scored: number, most: number): number {
  let slots = Math.min(fewestSlots, most);
  while (slots < scored) slots *= 2;
  return Math.min(slots, most);
}

/**
 * @param rows of a part; a part that scores nothing is left out. Weights stay those of the whole batch.
 * @returns the batch itself where all its rows are wanted at once.
 */
export function microBatches(batch: PackedBatch, shape: PackedShape, rows: number): MicroBatch[] {
  if (rows >= shape.rows) return [{ batch, shape }];
  const parts: MicroBatch[] = [];
  for (let begin = 0; begin < shape.rows; begin += rows) {
    const part = rowsOf(batch, shape, begin, rows);
    if (part.batch.scoredTokens > 0) parts.push(part);
  }
  return parts;
}

function rowsOf(
  batch: PackedBatch,
  { rows: all, length, slots: most }: PackedShape,
  begin: number,
  rows: number,
): MicroBatch {
  const [first, last] = [begin * length, Math.min(all, begin + rows) * length];
  const slots: number[] = [];
  for (let slot = 0; slot < batch.scoredTokens; slot++)
    if (batch.scoredRows[slot] >= first && batch.scoredRows[slot] < last) slots.push(slot);
  const count = slotsFor(slots.length, Math.min(most, rows * length));
  // The last part may lack rows: they are padding.
  const padded = (values: Int32Array) => {
    const part = new Int32Array(rows * length);
    part.set(values.subarray(first, last));
    return part;
  };
  const scored = <Values extends Int32Array | Float32Array>(into: Values, value: (slot: number) => number): Values => {
    slots.forEach((slot, index) => {
      into[index] = value(slot);
    });
    return into;
  };
  const scoredRows = scored(new Int32Array(count), (slot) => batch.scoredRows[slot] - first);
  fillUnusedSlots(scoredRows, slots.length, rows * length);
  return {
    batch: {
      tokens: padded(batch.tokens),
      positions: padded(batch.positions),
      segments: padded(batch.segments),
      scoredRows,
      targets: scored(new Int32Array(count), (slot) => batch.targets[slot]),
      weights: scored(new Float32Array(count), (slot) => batch.weights[slot]),
      exampleOfSlot: scored(new Int32Array(count).fill(-1), (slot) => batch.exampleOfSlot[slot]),
      scoredTokens: slots.length,
    },
    shape: { rows, length, slots: count },
  };
}
