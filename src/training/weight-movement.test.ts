import { expect, it } from "vitest";
import { relativeMovements, weightsOf } from "./weight-movement.js";

const group = (key: string, ...names: readonly string[]) => ({ key, names, size: 0 });

it("a group's movement is the norm of the change over the norm of what it is now, over all its weights", () => {
  const groups = [group("pair", "a", "b"), group("zero", "z")];
  const weights = new Map([
    ["a", Float32Array.of(1, 2)],
    ["b", Float32Array.of(2)],
    ["z", Float32Array.of(0)],
  ]);
  const earlier = weightsOf(groups, weights);
  weights.get("a")![0] = 4;
  weights.get("b")![0] = 6;
  expect(earlier.get("a")).toEqual(Float32Array.of(1, 2));
  // |(3, 0, 4)| = 5, |(4, 2, 6)| = sqrt(56); a null norm is left out.
  expect([...relativeMovements(groups, earlier, weights)]).toEqual([["pair", Math.sqrt(25 / 56)]]);
  expect(relativeMovements([group("new", "c"), ...groups], earlier, weights).has("new")).toBe(false);
});
