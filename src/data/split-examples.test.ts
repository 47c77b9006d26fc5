import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import type { DataRow } from "./data-row.js";
import type { EncodedRow } from "./encode-example.js";
import { type SplitOptions, splitExamples } from "./split-examples.js";

/** A row's number is its token; a negative number stands for one of which the cut left nothing to learn. */
const rowsOf = (numbers: readonly number[], from = "data"): DataRow[] =>
  numbers.map((value, index) => ({ where: `${from}:${index + 1}`, fields: { value } }));

function encode({ where, fields }: DataRow): EncodedRow {
  const value = Number(fields.value);
  const scored = value < 0 ? 0 : 1;
  const example = { tokens: Int32Array.of(1, Math.abs(value)), scored: Uint8Array.of(0, scored) };
  return { where, example, truncated: value < 0, wholeLength: 2, scoredTokens: scored };
}

const options: SplitOptions = { encode, heldOut: 10, calibrate: false, most: 1000, seed: 1 };
const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
const numbersOf = (examples: readonly { readonly tokens: Int32Array }[]) => examples.map(({ tokens }) => tokens[1]);

describe("a split of examples", () => {
  test("gives every row to one part, and says what was left out", () => {
    fc.assert(
      fc.property(
        fc.record({ count: fc.integer({ min: 20, max: 200 }), heldOut: fc.integer({ min: 1, max: 30 }) }),
        fc.record({ calibrate: fc.boolean(), most: fc.integer({ min: 1, max: 200 }), seed: fc.nat(1000) }),
        ({ count, heldOut }, chosen) => {
          const { dataset, read, beyond, ...left } = splitExamples(rowsOf(range(count)), null, {
            ...{ ...options, ...chosen, heldOut },
          });
          const parts = Object.values(dataset).map(numbersOf);
          const all = parts.flat();
          expect(new Set(all).size).toBe(all.length);
          expect(read).toBe(count);
          expect(all.length + beyond).toBe(count);
          expect(left).toEqual({ truncated: 0, withoutScored: 0, repeated: 0 });
          // A fifth of the rows at most.
          expect(dataset.heldOut).toHaveLength(Math.min(heldOut, Math.floor(count / 5)));
          expect(dataset.training.length).toBeLessThanOrEqual(chosen.most);
          expect(dataset.calibrationTraining.length > 0).toBe(chosen.calibrate);
        },
      ),
    );
  });

  test("sets further held-out parts apart, as large as the first and without its examples", () => {
    const further = { ...options, confirmationParts: 3 };
    const { confirmation = [], heldOut, training } = splitExamples(rowsOf(range(200)), null, further).dataset;
    expect([heldOut, ...confirmation].map((part) => part.length)).toEqual([10, 10, 10, 10]);
    const all = numbersOf([heldOut, ...confirmation, training].flat());
    expect(new Set(all).size).toBe(all.length);
    // Of few rows, two fifths for all parts; of a file of their own, all of it.
    expect(splitExamples(rowsOf(range(50)), null, further).dataset.heldOut).toHaveLength(5);
    const own = splitExamples(rowsOf(range(50)), rowsOf(range(24, 100), "evaluation"), further).dataset;
    expect([own.heldOut, ...own.confirmation!].map((part) => part.length)).toEqual([6, 6, 6, 6]);
    expect(() => splitExamples(rowsOf(range(6)), null, further)).toThrow(InputError);
  });

  test("depends on the seed, and on nothing else", () => {
    const heldOut = (seed: number) =>
      numbersOf(splitExamples(rowsOf(range(100)), null, { ...options, seed }).dataset.heldOut);
    expect(heldOut(1)).toEqual(heldOut(1));
    expect(heldOut(2)).not.toEqual(heldOut(1));
  });

  test("keeps what is held out, of training: a copy of it teaches the answer", () => {
    const { dataset, repeated } = splitExamples(rowsOf([...range(50), ...range(50)]), null, {
      ...options,
      calibrate: true,
    });
    const [heldOut, measuredOn] = [dataset.heldOut, dataset.calibrationHeldOut].map((part) => new Set(numbersOf(part)));
    expect(repeated).toBeGreaterThan(0);
    for (const number of numbersOf([...dataset.training, ...dataset.calibrationTraining])) {
      expect(heldOut.has(number)).toBe(false);
      expect(measuredOn.has(number)).toBe(false);
    }
    for (const number of measuredOn) expect(heldOut.has(number)).toBe(false);
  });

  test("takes held-out examples of their own file, however few rows there are", () => {
    const { dataset, read, repeated } = splitExamples(rowsOf([1, 2, 3]), rowsOf([3, 4], "other"), options);
    expect(numbersOf(dataset.heldOut).sort()).toEqual([3, 4]);
    expect(numbersOf(dataset.training).sort()).toEqual([1, 2]);
    expect([read, repeated]).toEqual([5, 1]);
  });

  test("passes over what cannot be learnt from", () => {
    const { dataset, withoutScored, truncated } = splitExamples(rowsOf([...range(40), -1, -2, -3]), null, options);
    expect([withoutScored, truncated]).toEqual([3, 3]);
    expect(dataset.training.length + dataset.heldOut.length).toBe(40);
  });

  test.each<[string, number[], number[] | null, Partial<SplitOptions>, RegExp]>([
    ["one row", [1], null, {}, /^No held-out example is left \(1 row was read\)\. Give more data, or --eval-data\.$/],
    [
      "no row that fits",
      [-1, -2, -3, -4, -5, -6],
      null,
      {},
      /6 rows were read; 6 without a scored token within --max-length\)\. Set --max-length higher, give shorter examples, or more data, or --eval-data\.$/,
    ],
    [
      "no row to train on",
      [-1],
      [5],
      {},
      /^No training example is left \(2 rows were read; 1 without .* give shorter examples, or more data\.$/,
    ],
    ["evaluation data of no use", [1, 2], [-5], {}, /^No held-out example is left .* or other --eval-data\.$/],
    [
      "evaluation data that is the training data",
      [5, 5],
      [5],
      {},
      /^No training example is left \(3 rows were read; 2 the same as held-out ones\)\. Give more data\.$/,
    ],
    [
      "too few to choose a rate",
      range(6),
      null,
      { calibrate: true },
      /^Too few rows to choose a learning rate on some of them \(6 rows were read\)\. Give --lr, or more data\.$/,
    ],
  ])("refuses %s", (_what, own, other, chosen, message) => {
    const evalRows = other === null ? null : rowsOf(other, "other");
    expect(() => splitExamples(rowsOf(own), evalRows, { ...options, ...chosen })).toThrow(message);
  });
});
