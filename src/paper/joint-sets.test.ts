import { expect, test } from "vitest";
import { jointSets } from "./joint-sets.js";

const layer = (n: number) =>
  ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"].map((role) => ({ name: `h.${n}.${role}`, layer: n, role }));
const sizes = (layers: number) =>
  Object.fromEntries(
    jointSets(Array.from({ length: layers }, (_, n) => layer(n)).flat()).map(({ label, matrices }) => [
      label,
      matrices.length,
    ]),
  );

test("the paper's sets in a model of its size", () => {
  expect(sizes(8)).toEqual({
    ...Object.fromEntries([0, 1, 3, 4, 6, 7].map((n) => [`attention output of layer ${n}`, 1])),
    ...{ "all attention outputs": 8, "all attention": 16, "attention and MLP": 32 },
    ...{ "the first layer": 4, "the first 2 layers": 8, "the first 4 layers": 16 },
  });
});

test("a smaller model has fewer of them, and no set twice", () => {
  expect(Object.keys(sizes(2))).not.toContain("the first 2 layers");
  expect(sizes(2)["attention and MLP"]).toBe(8);
});
