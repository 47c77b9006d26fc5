import { describe, expect, test } from "vitest";
import { plantedValues, scatteredCount, scatteredEntries, scatteredName } from "./control-matrices.js";

const parameters = [
  { name: "a.weight", shape: [10, 20] },
  { name: "norm.weight", shape: [500] },
  { name: "b.weight", shape: [30, 10] },
];
const weights = new Map(
  parameters.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return [name, Float32Array.from({ length }, (_, i) => i + 0.5)];
  }),
);

describe("scattered entries", () => {
  test("are as many as named, each once, from matrices alone, at their trained values", () => {
    const pinned = scatteredEntries(parameters, weights, 250, 3);
    expect([...pinned.keys()]).toEqual(["a.weight", "b.weight"]);
    const counts = [...pinned].map(([name, { indices, values }]) => {
      expect(new Set(indices).size).toBe(indices.length);
      expect([...values]).toEqual([...indices].map((index) => weights.get(name)![index]));
      return indices.length;
    });
    expect(counts[0] + counts[1]).toBe(250);
    // Of 500 entries 200 lie in `a`: 100 are expected, with a standard deviation of 5.5.
    expect(Math.abs(counts[0] - 100)).toBeLessThan(25);
  });

  test("are the same for one seed and others for another; all where all are wanted", () => {
    const first = scatteredEntries(parameters, weights, 50, 1);
    expect(scatteredEntries(parameters, weights, 50, 1)).toEqual(first);
    expect(scatteredEntries(parameters, weights, 50, 2)).not.toEqual(first);
    const all = scatteredEntries(parameters, weights, 1e6, 1);
    expect([...all.get("b.weight")!.indices]).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  test("have a name that no matrix has", () => {
    expect(scatteredCount(scatteredName(82_944))).toBe(82_944);
    expect(scatteredCount("layers.0.self_attn.o_proj")).toBeNull();
  });
});

test("the planted matrix is the same every time", () => {
  expect(plantedValues(16)).toEqual(plantedValues(16));
  const squares = plantedValues(64).reduce((sum, value) => sum + value * value, 0);
  expect(Math.abs(squares / 64 - 1)).toBeLessThan(0.1);
});
