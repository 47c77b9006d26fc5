import { describe, expect, it } from "vitest";
import { displayWidth, padded, shortened } from "./display-width.js";

describe("displayWidth", () => {
  it.each([
    ["h.0.attn", 8],
    ["重み", 4],
    ["e\u0301", 1],
    ["▁█", 2],
    ["한글", 4],
    ["", 0],
  ])("of %s is %i", (text, width) => expect(displayWidth(text)).toBe(width));
});

describe("shortened", () => {
  it.each([
    ["h.10.attn.c_proj", 8, "end", "….c_proj"],
    ["all entries are equal", 8, "beginning", "all ent…"],
    ["重み重み", 5, "end", "…重み"],
    ["重み重み", 4, "end", "…み"],
    ["short", 5, "end", "short"],
    ["x", 0, "end", ""],
  ] as const)("%s to %i keeps the %s", (text, width, keep, expected) => {
    expect(shortened(text, width, keep)).toBe(expected);
    expect(displayWidth(expected)).toBeLessThanOrEqual(width);
  });
});

describe("padded", () => {
  it("reckons in columns", () => {
    expect(padded("重", 4, "right")).toBe("  重");
    expect(padded("long", 2, "left")).toBe("long");
  });
});
