import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearNames } from "./near-names.js";

describe("editDistance", () => {
  it("counts as the textbook does", () => {
    // Wagner & Fischer's and Levenshtein's classic pairs.
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("saturday", "sunday")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
  });

  it("is a metric", () => {
    const text = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

it("puts the nearest names first and no more than asked for", () => {
  const names = ["h.0.mlp.c_fc", "h.4.attn.c_attn", "h.4.attn.c_proj", "wte"];
  expect(nearNames("h.4.attn.cproj", names, 2)).toEqual(["h.4.attn.c_proj", "h.4.attn.c_attn"]);
  expect(nearNames("x", [])).toEqual([]);
});
