import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { sftBatches } from "./batch-stream.js";
import { evaluationBatches, packBatch } from "./packing.js";
import { type SftExample, scoredTokens } from "./sft-example.js";

const example = (tokens: number[], scored: number[]): SftExample => ({
  tokens: Int32Array.from(tokens),
  scored: Uint8Array.from(scored),
});

describe("packing", () => {
  test("a small batch by hand", () => {
    const examples = [example([5, 6, 7], [0, 1, 1]), example([8, 9], [0, 1]), example([1, 2, 3], [0, 0, 1])];
    const { batch, end } = packBatch(examples, [0, 1, 2], 0, { rows: 2, length: 5, slots: 6 });
    expect(end).toBe(3);
    expect([...batch.tokens]).toEqual([5, 6, 7, 8, 9, 1, 2, 3, 0, 0]);
    expect([...batch.positions]).toEqual([0, 1, 2, 0, 1, 0, 1, 2, 0, 0]);
    expect([...batch.segments]).toEqual([1, 1, 1, 2, 2, 1, 1, 1, 0, 0]);
    // The unused slots point to the first positions that no other slot points to.
    expect([...batch.scoredRows]).toEqual([0, 1, 3, 6, 2, 4]);
    expect([...batch.targets]).toEqual([6, 7, 9, 3, 0, 0]);
    expect([...batch.exampleOfSlot]).toEqual([0, 0, 1, 2, -1, -1]);
    expect([...batch.weights]).toEqual([0.25, 0.25, 0.25, 0.25, 0, 0]);
    expect(batch.scoredTokens).toBe(4);
  });

  test("stops where slots or rows are full", () => {
    const examples = Array.from({ length: 4 }, () => example([1, 2, 3], [0, 1, 1]));
    expect(packBatch(examples, [0, 1, 2, 3], 0, { rows: 4, length: 3, slots: 5 }).end).toBe(2);
    expect(packBatch(examples, [0, 1, 2, 3], 1, { rows: 2, length: 4, slots: 99 }).end).toBe(3);
  });

  test.each([
    [example([1, 2, 3], [0, 1, 1]), { rows: 1, length: 2, slots: 9 }],
    [example([1, 2, 3], [0, 1, 1]), { rows: 1, length: 9, slots: 1 }],
  ])("an example that fits no batch is refused by number", (one, shape) => {
    expect(() => packBatch([one], [0], 0, shape)).toThrow(InputError);
    expect(() => packBatch([one], [0], 0, shape)).toThrow(/Example 0 has 3 tokens, 2 of them scored/);
  });

  test("more slots than positions: what is left over points to 0", () => {
    const { batch } = packBatch([example([5, 6], [0, 1])], [0], 0, { rows: 1, length: 3, slots: 5 });
    expect([...batch.scoredRows]).toEqual([0, 1, 2, 0, 0]);
    expect([...batch.weights]).toEqual([1, 0, 0, 0, 0]);
  });

  test("an example of which nothing can be scored is refused by number", () => {
    const shape = { rows: 1, length: 9, slots: 9 };
    const whole = example([1, 2], [0, 1]);
    expect(() => packBatch([whole, example([1, 2], [0, 0])], [0, 1], 0, shape)).toThrow(
      /Example 1 has no scored token/,
    );
    expect(() => packBatch([example([1, 2], [1, 1])], [0], 0, shape)).toThrow(/Example 0 scores its first token/);
    expect(() => evaluationBatches([whole, example([], [])], shape)).toThrow(InputError);
  });

  test("every token of every example is somewhere once, and predicts what follows it in its own segment", () => {
    const examples = fc.array(
      fc
        .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 1 })), {
          minLength: 2,
          maxLength: 8,
        })
        // The first token is never scored, the last always is.
        .map((pairs) =>
          example(
            pairs.map(([token]) => token),
            pairs.map(([, flag], i) => (i === 0 ? 0 : i === pairs.length - 1 ? 1 : flag)),
          ),
        ),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(examples, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 8, max: 12 }), (list, rows, length) => {
        const batches = evaluationBatches(list, { rows, length, slots: 16 });
        const seen = new Map<number, number[]>();
        const packed: string[] = [];
        for (const batch of batches) {
          batch.exampleOfSlot.forEach((index, slot) => {
            if (index < 0) {
              expect([batch.weights[slot], batch.targets[slot]]).toEqual([0, 0]);
              return;
            }
            const at = batch.scoredRows[slot];
            expect(batch.tokens[at + 1]).toBe(batch.targets[slot]);
            expect(batch.segments[at + 1]).toBe(batch.segments[at]);
            expect(batch.positions[at + 1]).toBe(batch.positions[at] + 1);
            seen.set(index, [...(seen.get(index) ?? []), batch.targets[slot]]);
          });
          expect(batch.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
          const pointers = batch.scoredRows.slice(0, rows * length);
          expect(new Set(pointers).size).toBe(pointers.length);
          for (let row = 0; row < rows; row++) {
            const segments = [...batch.segments.subarray(row * length, (row + 1) * length)];
            for (const segment of new Set(segments)) {
              const begin = segments.indexOf(segment);
              const end = segments.lastIndexOf(segment) + 1;
              const part = (values: Int32Array) => [...values.subarray(row * length + begin, row * length + end)];
              expect(part(batch.segments)).toEqual(Array(end - begin).fill(segment));
              if (segment === 0) expect(part(batch.tokens)).toEqual(Array(end - begin).fill(0));
              else {
                expect(part(batch.positions)).toEqual(Array.from({ length: end - begin }, (_, i) => i));
                packed.push(part(batch.tokens).join());
              }
            }
          }
        }
        list.forEach(({ tokens, scored }, index) => {
          expect(seen.get(index)).toEqual([...tokens].filter((_, i) => scored[i] === 1));
        });
        expect(packed.sort()).toEqual(list.map(({ tokens }) => tokens.join()).sort());
      }),
    );
  });
});

describe("the stream of batches", () => {
  const examples = Array.from({ length: 25 }, (_, i) => example([i, i, i], [0, 1, 1]));
  const shape = { rows: 2, length: 6, slots: 8 };
  const firstTargets = (seed: number, count: number) => {
    const stream = sftBatches(examples, shape, randomStream(seed, "order"));
    return Array.from({ length: count }, () => [...stream.next().value.targets]);
  };

  test("is the same for the same seed, and goes through every example before it repeats one", () => {
    expect(firstTargets(1, 20)).toEqual(firstTargets(1, 20));
    expect(firstTargets(1, 20)).not.toEqual(firstTargets(2, 20));
    // 4 examples a batch: the 25 of an epoch fill 6 batches and a quarter.
    const order = firstTargets(3, 25)
      .flat()
      .filter((_, slot) => slot % 2 === 0);
    expect(order.length).toBe(100);
    const all = examples.map((_, i) => i);
    for (let epoch = 0; epoch < 4; epoch++)
      expect(order.slice(25 * epoch, 25 * epoch + 25).sort((a, b) => a - b)).toEqual(all);
    expect(order.slice(0, 25)).not.toEqual(order.slice(25, 50));
  });

  test("fills every batch, though there are fewer examples than fit one", () => {
    const stream = sftBatches(examples.slice(0, 3), shape, randomStream(1, "order"));
    for (let step = 0; step < 5; step++) expect(stream.next().value.scoredTokens).toBe(8);
  });

  test("of no example is refused", () => {
    expect(() => sftBatches([], shape, randomStream(1, "order")).next()).toThrow(InputError);
  });

  test("scored tokens are counted", () => {
    expect(scoredTokens(examples[0])).toBe(2);
  });
});
