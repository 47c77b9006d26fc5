import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { microBatches } from "./micro-batches.js";
import { packBatch } from "./packing.js";

const lengths = fc.array(fc.integer({ min: 2, max: 12 }), { minLength: 1, maxLength: 20 });

describe("parts of a batch", () => {
  test("are the batch itself where all rows are wanted at once", () => {
    const shape = { rows: 2, length: 4, slots: 6 };
    const { batch } = packBatch([{ tokens: Int32Array.of(1, 2), scored: Uint8Array.of(0, 1) }], [0], 0, shape);
    expect(microBatches(batch, shape, 2)).toEqual([{ batch, shape }]);
    expect(microBatches(batch, shape, 2)[0].batch).toBe(batch);
  });

  test("score every position of the batch once, with its weight", () => {
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        (sizes, rows, rowsAtOnce) => {
          const examples = sizes.map((size, index) => ({
            tokens: Int32Array.from({ length: size }, (_, i) => 100 * index + i + 1),
            scored: Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 0 : Number((i + index) % 3 > 0))),
          }));
          const usable = examples.filter(({ scored }) => scored.includes(1));
          const shape = { rows, length: 12, slots: 40 };
          const { batch } = packBatch(usable, [...usable.keys()], 0, shape);
          const parts = microBatches(batch, shape, rowsAtOnce);
          const seen = parts.flatMap((part) => {
            const { tokens, segments, positions, scoredRows, targets, weights, exampleOfSlot, scoredTokens } =
              part.batch;
            expect(tokens).toHaveLength(part.shape.rows * 12);
            expect(targets).toHaveLength(part.shape.slots);
            expect(weights.subarray(scoredTokens).every((weight) => weight === 0)).toBe(true);
            return Array.from({ length: scoredTokens }, (_, slot) => {
              const at = scoredRows[slot];
              return [
                tokens[at],
                segments[at],
                positions[at],
                targets[slot],
                weights[slot],
                exampleOfSlot[slot],
              ].join();
            });
          });
          const expected = Array.from({ length: batch.scoredTokens }, (_, slot) => {
            const at = batch.scoredRows[slot];
            return [
              ...[batch.tokens[at], batch.segments[at], batch.positions[at]],
              ...[batch.targets[slot], batch.weights[slot], batch.exampleOfSlot[slot]],
            ].join();
          });
          expect(seen.sort()).toEqual(expected.sort());
        },
      ),
    );
  });

  test("come in few shapes", () => {
    const examples = Array.from({ length: 60 }, (_, index) => ({
      tokens: Int32Array.from({ length: 20 }, (_, i) => i),
      scored: Uint8Array.from({ length: 20 }, (_, i) => (i > 0 && i <= 1 + (index % 17) ? 1 : 0)),
    }));
    const shape = { rows: 60, length: 20, slots: 1200 };
    const { batch } = packBatch(examples, [...examples.keys()], 0, shape);
    const shapes = microBatches(batch, shape, 8).map((part) => JSON.stringify(part.shape));
    expect(shapes).toHaveLength(8);
    expect(new Set(shapes).size).toBeLessThanOrEqual(3);
  });
});
