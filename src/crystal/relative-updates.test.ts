import { expect, test } from "vitest";
import { relativeUpdates } from "./relative-updates.js";

test("updates are measured against the norm of what was there", () => {
  const before = new Map([
    ["a.weight", Float32Array.of(3, 4)],
    ["zero.weight", Float32Array.of(0, 0)],
    ["a.bias", Float32Array.of(1)],
  ]);
  const after = new Map([
    ["a.weight", Float32Array.of(3, 4.5)],
    ["zero.weight", Float32Array.of(1, 0)],
    ["a.bias", Float32Array.of(2)],
  ]);
  expect(relativeUpdates(before, after)).toEqual({ a: 0.1 });
});
