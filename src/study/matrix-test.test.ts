import { expect, test } from "vitest";
import { parseArm } from "../crystal/arm.js";
import { matrixTestSpecs } from "./matrix-test.js";

test("one `full` a seed is shared by all matrices, and all keys differ", () => {
  const arms = ["frozen", "crystal", "random"].map(parseArm);
  const specs = matrixTestSpecs({ targets: [["a"], ["b"]], arms, steps: 5, learningRate: 0.1 }, [1, 2]);
  expect(specs).toHaveLength(2 * (1 + 2 * 3 + 1));
  expect(new Set(specs.map(({ key }) => key)).size).toBe(specs.length);
  expect(
    specs.slice(0, 8).map(({ arm, matrices, purpose, seed }) => [arm, matrices.join(), purpose, seed].join(" ")),
  ).toEqual([
    "full  sft 1",
    "frozen a sft 1",
    "crystal a sft 1",
    "random a sft 1",
    "frozen b sft 1",
    "crystal b sft 1",
    "random b sft 1",
    "full  aa 1",
  ]);
});

test("matrices of one target are treated together", () => {
  const arms = [parseArm("frozen")];
  const specs = matrixTestSpecs({ targets: [["a", "b"], ["c"]], arms, steps: 5, learningRate: 0.1 }, [1]);
  expect(specs.map(({ matrices }) => matrices)).toEqual([[], ["a", "b"], ["c"], []]);
});
