import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { pretrainingBatches } from "./pretraining-batches.js";

const text = Int32Array.from({ length: 1000 }, (_, i) => i);
const shape = { rows: 3, length: 10 };

describe("batches of plain text", () => {
  test("are windows of consecutive tokens with the next as target, and depend on nothing but seed and step", () => {
    const batches = pretrainingBatches(text, shape, 5);
    for (const step of [0, 7, 31, 32, 100]) {
      const { tokens, targets, positions, weights } = batches.batchAt(step);
      expect([...targets]).toEqual([...tokens].map((token) => token + 1));
      for (let row = 0; row < 3; row++)
        expect([...tokens.subarray(row * 10, row * 10 + 10)]).toEqual(
          Array.from({ length: 10 }, (_, i) => tokens[row * 10] + i),
        );
      expect([...positions.subarray(0, 11)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
      // Asked out of order, and of a fresh object: the same.
      expect(pretrainingBatches(text, shape, 5).batchAt(step).tokens).toEqual(tokens);
    }
    expect(pretrainingBatches(text, shape, 6).batchAt(0).tokens).not.toEqual(batches.batchAt(0).tokens);
  });

  test("see each window once an epoch", () => {
    const batches = pretrainingBatches(text, shape, 1);
    // (1000 - 1 - 10) / 10 = 98 windows: 32 batches of 3.
    const seen = Array.from({ length: 32 }, (_, step) => [...batches.batchAt(step).tokens]).flat();
    expect(new Set(seen).size).toBe(32 * 30);
  });

  test("for evaluation come in order", () => {
    const [first, second] = pretrainingBatches(text, shape, 1).inOrder(2);
    expect([first.tokens[0], first.tokens[29], second.tokens[0]]).toEqual([0, 29, 30]);
  });

  test("are refused of a text that is too short", () => {
    expect(() => pretrainingBatches(text.subarray(0, 40), shape, 1)).toThrow(InputError);
    expect(() => pretrainingBatches(text, shape, 1).inOrder(40)).toThrow(InputError);
  });
});
