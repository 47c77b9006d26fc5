import { expect, test } from "vitest";
import { controlSpecs } from "./control-trials.js";

const common = { targetElements: 4096, steps: 5, learningRate: 0.1 };

test("controls run over the first three seeds, beside what is tested", () => {
  const specs = controlSpecs({ ...common, attention: ["a", "b"], seeds: [1, 2, 3, 4, 5] });
  expect(specs.slice(0, 3).map(({ key }) => key)).toEqual([
    "control: random planted, seed 1",
    "control: random all attention (2 matrices), seed 1",
    "control: frozen scattered(4096), seed 1",
  ]);
  expect(specs[1].matrices).toEqual(["a", "b"]);
  expect(specs.map(({ seed }) => seed)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
});

test("a model whose attention is not recognised has no control of it", () => {
  expect(controlSpecs({ ...common, attention: [], seeds: [1] })).toHaveLength(2);
});
