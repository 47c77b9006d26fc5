/** @file Chooses the one shape that all batches of a data set have: few rows of padding, about the scored tokens that are wanted. */
import { randomStream } from "../foundation/random.js";
import { type PackedShape, packBatch } from "./packing.js";
import { type SftExample, scoredTokens } from "./sft-example.js";

export interface BatchWish {
  /** Scored tokens of a batch. */
  readonly scoredTokens: number;
  /** Multiply-adds of a position in the blocks, besides attention, and of a scored position in the head. */
  readonly perPosition: number;
  readonly perScored: number;
  /** Of the hidden state: what attention costs over a row grows with its length over this. */
  readonly width: number;
}

export interface BatchPlan extends PackedShape {
  /** Mean scored tokens and examples of a batch, and the share of its positions that hold tokens, as packed in a trial. */
  readonly meanScored: number;
  readonly meanExamples: number;
  readonly filled: number;
}

/** Lengths of rows: multiples of eight that grow by half at most, so that data sets of like lengths share shapes. */
const lengths = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192];

function rowLengths(longest: number): number[] {
  const fitting = lengths.filter((length) => length >= longest);
  // Longer rows lose less at their ends, and more in attention.
  return fitting.length > 0 ? fitting.slice(0, 3) : [Math.ceil(longest / 64) * 64];
}

/** Batches that a shape is tried on. */
const tried = 24;

interface Trial {
  readonly plan: BatchPlan;
  /** Multiply-adds for each scored token. */
  readonly cost: number;
}

function tryShape(examples: readonly SftExample[], shape: PackedShape, wish: BatchWish): Trial {
  const chance = randomStream(0, "batch plan");
  const order: number[] = [];
  while (order.length < tried * 4 * (wish.scoredTokens + 1) && order.length < 20_000)
    order.push(...chance.permutation(examples.length));
  let [begin, scored, tokens, batches] = [0, 0, 0, 0];
  for (; batches < tried; batches++) {
    const { batch, end } = packBatch(examples, order, begin, shape);
    if (end === order.length && batches > 0) break;
    scored += batch.scoredTokens;
    tokens += batch.segments.reduce((sum, segment) => sum + Number(segment > 0), 0);
    begin = end;
  }
  const positions = shape.rows * shape.length;
  // Attention's two products against the 12 n^2 of a block.
  const attention = 1 + shape.length / (6 * wish.width);
  const work = positions * wish.perPosition * attention + shape.slots * wish.perScored;
  const plan = {
    ...shape,
    meanScored: scored / batches,
    meanExamples: begin / batches,
    filled: tokens / (batches * positions),
  };
  return { plan, cost: work / plan.meanScored };
}

/**
 * @param examples those that are trained on; at least one, each with a scored token.
 * @param held all that a row must hold, held-out ones too.
 */
export function planBatches(
  examples: readonly SftExample[],
  wish: BatchWish,
  held: readonly SftExample[] = examples,
): BatchPlan {
  const [longest, mostScored] = [
    held.reduce((most, { tokens }) => Math.max(most, tokens.length), 1),
    held.reduce((most, example) => Math.max(most, scoredTokens(example)), 1),
  ];
  // A batch ends before an example that would exceed its slots: it needs more of them than it scores on average.
  const slotCounts = [1, 1.15, 1.3, 1.5].map((factor) =>
    Math.max(Math.ceil((factor * wish.scoredTokens) / 8) * 8, mostScored),
  );
  const total = examples.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const scored = examples.reduce((sum, example) => sum + scoredTokens(example), 0);
  const positions = (wish.scoredTokens * total) / scored;
  const trials = rowLengths(longest).flatMap((length) => {
    const fewest = Math.max(1, Math.floor((0.8 * positions) / length));
    const most = Math.max(1, Math.ceil((1.6 * positions) / length));
    const step = Math.max(1, Math.floor((most - fewest) / 8));
    const counts = Array.from({ length: Math.floor((most - fewest) / step) + 1 }, (_, index) => fewest + index * step);
    return counts.flatMap((rows) =>
      [...new Set(slotCounts)].map((slots) => tryShape(examples, { rows, length, slots }, wish)),
    );
  });
  // A batch of far more or fewer scored tokens than wanted is another experiment.
  const distance = ({ plan }: Trial) => Math.abs(plan.meanScored / wish.scoredTokens - 1);
  const close = trials.filter((trial) => distance(trial) <= 0.1);
  const candidates = close.length > 0 ? close : [trials.reduce((a, b) => (distance(b) < distance(a) ? b : a))];
  return candidates.reduce((a, b) => (b.cost < a.cost ? b : a)).plan;
}
