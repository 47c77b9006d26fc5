import { expect, test } from "vitest";
import { GraphBuilder } from "./graph-builder.js";
import { peakBytes } from "./peak-bytes.js";

test("values are held from their making to their last use", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", [10, 10]);
  const a = builder.scale(x, 2);
  const b = builder.scale(a, 2);
  const c = builder.scale(b, 2);
  builder.output("sum", builder.add(c, a));
  // a, b and c at once; the sum is the caller's.
  expect(peakBytes(builder.build())).toBe(3 * 100 * 4);
});

test("attention holds its probabilities only where there is a backward pass", () => {
  const forward = (length: number) => {
    const builder = new GraphBuilder();
    const [q, k, v] = ["q", "k", "v"].map((name) => builder.input(name, [length, 8]));
    const attributes = { rows: 1, length, heads: 2, keyValueHeads: 2, scale: 1 };
    builder.output("y", builder.causalAttention(q, k, v, null, attributes));
    return builder.build();
  };
  expect(peakBytes(forward(64))).toBe((2 * 2 * 64 * 64 + 3 * 64 * 8) * 4);
});
