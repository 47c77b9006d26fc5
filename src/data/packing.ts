/** @file Packs examples into batches of one fixed shape. Knows nothing of graphs. */
import { InputError } from "../foundation/errors.js";
import { type SftExample, scoredTokens } from "./sft-example.js";

export interface PackedShape {
  readonly rows: number;
  readonly length: number;
  /** Scored positions at most. */
  readonly slots: number;
}

export interface PackedBatch {
  /** [rows * length]; padding is token 0 in segment 0. */
  readonly tokens: Int32Array;
  /** [rows * length], from 0 within each example. */
  readonly positions: Int32Array;
  /** [rows * length], examples of a row numbered from 1. */
  readonly segments: Int32Array;
  /** [slots] flat position whose next token is scored; unused slots point to other positions while there are any, then to 0. */
  readonly scoredRows: Int32Array;
  /** [slots] the token to predict. */
  readonly targets: Int32Array;
  /** [slots] 1 / scored tokens of the batch; 0 where unused. */
  readonly weights: Float32Array;
  /** [slots] index of the example; -1 where unused. */
  readonly exampleOfSlot: Int32Array;
  readonly scoredTokens: number;
}

interface Row {
  used: number;
  segments: number;
}

/** @throws InputError for an example that fits no batch, or of which nothing can be scored. */
function checkExample(example: SftExample, index: number, { length, slots }: PackedShape): void {
  const size = example.tokens.length;
  const scored = scoredTokens(example);
  if (size > length || scored > slots)
    throw new InputError(
      `Example ${index} has ${size} tokens, ${scored} of them scored; a row holds ${length} and a batch scores ${slots}. Truncate it, or use longer rows.`,
    );
  if (scored === 0 || example.scored[0] === 1)
    throw new InputError(
      `Example ${index} ${scored === 0 ? "has no scored token" : "scores its first token, which nothing precedes"}. Leave it out, or cut its prompt shorter.`,
    );
}

/** Points the slots from `used` on to positions that no other slot points to. */
export function fillUnusedSlots(scoredRows: Int32Array, used: number, positions: number): void {
  const taken = new Set(scoredRows.subarray(0, used));
  for (let slot = used, position = 0; slot < scoredRows.length && position < positions; position++)
    if (!taken.has(position)) scoredRows[slot++] = position;
}

/**
 * Takes examples `order[begin], order[begin + 1], ...` until the next fits no row, or has more scored tokens than slots are left;
 * each goes to the first row with room. @returns the batch, and where the next begins. @throws InputError for an example that no empty
 * batch holds, or that scores nothing.
 */
export function packBatch(
  examples: readonly SftExample[],
  order: ArrayLike<number>,
  begin: number,
  shape: PackedShape,
): { readonly batch: PackedBatch; readonly end: number } {
  const { length, slots } = shape;
  const count = shape.rows * length;
  const batch = {
    tokens: new Int32Array(count),
    positions: new Int32Array(count),
    segments: new Int32Array(count),
    scoredRows: new Int32Array(slots),
    targets: new Int32Array(slots),
    weights: new Float32Array(slots),
    exampleOfSlot: new Int32Array(slots).fill(-1),
  };
  const rows: Row[] = Array.from({ length: shape.rows }, () => ({ used: 0, segments: 0 }));
  let slot = 0;
  let end = begin;
  for (; end < order.length; end++) {
    const example = examples[order[end]];
    checkExample(example, order[end], shape);
    const size = example.tokens.length;
    const index = rows.findIndex(({ used }) => used + size <= length);
    if (index < 0 || slot + scoredTokens(example) > slots) break;
    const row = rows[index];
    const at = index * length + row.used;
    row.segments++;
    batch.tokens.set(example.tokens, at);
    batch.segments.fill(row.segments, at, at + size);
    for (let i = 0; i < size; i++) {
      batch.positions[at + i] = i;
      if (example.scored[i] === 0) continue;
      batch.scoredRows[slot] = at + i - 1;
      batch.targets[slot] = example.tokens[i];
      batch.exampleOfSlot[slot] = order[end];
      slot++;
    }
    row.used += size;
  }
  fillUnusedSlots(batch.scoredRows, slot, count);
  batch.weights.fill(1 / Math.max(1, slot), 0, slot);
  return { batch: { ...batch, scoredTokens: slot }, end };
}

interface OpenBatch {
  readonly rows: number[];
  readonly examples: number[];
  slots: number;
}

/** Which examples go together: the longest first, each into the first batch with room for it. */
function packTightly(examples: readonly SftExample[], { rows, length, slots }: PackedShape): number[][] {
  const order = [...examples.keys()].sort((a, b) => examples[b].tokens.length - examples[a].tokens.length || a - b);
  const batches: OpenBatch[] = [];
  for (const index of order) {
    const size = examples[index].tokens.length;
    const scored = scoredTokens(examples[index]);
    const rowIn = (batch: OpenBatch) => (batch.slots < scored ? -1 : batch.rows.findIndex((left) => left >= size));
    let batch = batches.find((open) => rowIn(open) >= 0);
    if (batch === undefined) {
      batch = { rows: new Array<number>(rows).fill(length), examples: [], slots };
      batches.push(batch);
    }
    batch.rows[Math.max(0, rowIn(batch))] -= size;
    batch.slots -= scored;
    batch.examples.push(index);
  }
  return batches.map((batch) => batch.examples);
}

/** Every example once, with little padding. @throws InputError for an example that no empty batch holds, or that scores nothing. */
export function evaluationBatches(examples: readonly SftExample[], shape: PackedShape): PackedBatch[] {
  return packTightly(examples, shape).flatMap((group) => {
    const batches: PackedBatch[] = [];
    // One that is too large for any batch is refused here.
    for (let begin = 0; begin < group.length; ) {
      const { batch, end } = packBatch(examples, group, begin, shape);
      batches.push(batch);
      begin = end;
    }
    return batches;
  });
}
