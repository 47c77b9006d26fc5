import { expect, test } from "vitest";
import { differentiate } from "./differentiate.js";
import { graphFlops } from "./flops.js";
import { GraphBuilder } from "./graph-builder.js";

/** Two layers of 5 -> 7 -> 3 on four positions, then a head of eleven words. */
function network() {
  const builder = new GraphBuilder();
  const x = builder.input("x", [4, 5]);
  const first = builder.linear(x, builder.input("first", [5, 7]), null, "inputOutput");
  const second = builder.linear(first, builder.input("second", [3, 7]), null, "outputInput");
  const [loss] = builder.linearCrossEntropy(
    second,
    builder.input("head", [11, 3]),
    builder.input("targets", [4], "int"),
    builder.input("weights", [4]),
    "outputInput",
  );
  builder.output("loss", loss);
  return builder.build();
}
const [first, second, head] = [2 * 4 * 35, 2 * 4 * 21, 2 * 4 * 33];

test("a forward pass multiplies and adds once for each weight and position", () => {
  expect(graphFlops(network())).toBe(first + second + head);
});

test("a backward pass costs the weight's gradient and the input's where something below is trained", () => {
  const forward = first + second + head;
  // The head's gradient primitive gives both.
  expect(graphFlops(differentiate(network(), "loss", ["first", "second", "head"]))).toBe(
    forward + first + 2 * second + 2 * head,
  );
  expect(graphFlops(differentiate(network(), "loss", ["second"]))).toBe(forward + second + 2 * head);
});

test("causal attention is two products over half of the square", () => {
  const builder = new GraphBuilder();
  const [q, k, v] = ["q", "k", "v"].map((name) => builder.input(name, [12, 8]));
  const shape = { rows: 2, length: 6, heads: 2, keyValueHeads: 2, scale: 1 };
  builder.output("out", builder.causalAttention(q, k, v, null, shape));
  // 21 of 36 pairs, two sequences, eight columns, a multiplication and an addition, scores and sums.
  expect(graphFlops(builder.build())).toBe(21 * 2 * 8 * 2 * 2);
});
