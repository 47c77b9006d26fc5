import fc from "fast-check";
import { expect, test } from "vitest";
import { numberPattern } from "./number-pattern.js";

test.each([
  [[3], "3"],
  [[0, 1], "[01]"],
  [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "(?:[0-9]|1[01])"],
  [[2, 20, 21, 22, 100], "(?:2|2[0-2]|100)"],
])("%j", (numbers, pattern) => {
  expect(numberPattern(numbers)).toBe(pattern);
});

test("matches its numbers and no others", () => {
  const sets = fc.uniqueArray(fc.nat(250), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(sets, (numbers) => {
      const expression = new RegExp(`^h\\.${numberPattern(numbers)}\\.w$`);
      const matched = [...Array(300).keys()].filter((number) => expression.test(`h.${number}.w`));
      expect(matched).toEqual([...numbers].sort((a, b) => a - b));
    }),
  );
});
