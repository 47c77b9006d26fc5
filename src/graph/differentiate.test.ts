import { describe, expect, it } from "vitest";
import { centralDifferences } from "../../test/gradient-check.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { outputBuffers, runGraph } from "../../test/run-graph.js";
import type { Buffer } from "../engine/backend.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { ShapeError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { differentiate, gradientName } from "./differentiate.js";
import { elementCount, type Graph, type Value } from "./graph.js";
import { GraphBuilder } from "./graph-builder.js";
import type { Primitive } from "./primitive.js";

const count = (graph: Graph, primitive: Primitive) => graph.nodes.filter((node) => node.primitive === primitive).length;

/** Ends a graph with a loss over the columns of `x`, one class each. */
function crossEntropy(builder: GraphBuilder, x: Value): void {
  const [rows, width] = x.shape;
  const head = builder.input("head", [5, width]);
  const targets = builder.input("targets", [rows], "int");
  const weights = builder.input("weights", [rows]);
  const [loss, tokenLosses] = builder.linearCrossEntropy(x, head, targets, weights, "outputInput");
  builder.output("loss", loss);
  builder.output("tokenLosses", tokenLosses);
}

const layers = ["first", "second", "third"];

/** Three biased linear layers with an activation between them. */
function perceptron(): Graph {
  const builder = new GraphBuilder();
  let x = builder.input("x", [3, 4]);
  for (const name of layers) {
    const weight = builder.input(`${name}.weight`, [4, 4]);
    x = builder.silu(builder.linear(x, weight, builder.input(`${name}.bias`, [4]), "inputOutput"));
  }
  crossEntropy(builder, x);
  return builder.build();
}

function draw(graph: Graph): Map<string, Buffer> {
  const stream = randomStream(2, "differentiate");
  return new Map(
    [...graph.inputs].map(([name, { shape, type }]) => {
      const size = elementCount(shape);
      return [
        name,
        type === "int"
          ? Int32Array.from({ length: size }, () => stream.integer(5))
          : Float64Array.from({ length: size }, () => stream.normal()),
      ];
    }),
  );
}

/** Checks the gradient of `loss` for each named input against central differences. */
async function expectTrueGradients(graph: Graph, names: readonly string[]): Promise<void> {
  const inputs = draw(graph);
  const gradients = await runGraph(referenceBackend, differentiate(graph, "loss", names), inputs);
  const results = outputBuffers(graph, "float64", ["loss"]);
  const binding = (await referenceBackend.compile(graph)).bind(inputs, results);
  for (const name of names) {
    const expected = await centralDifferences(inputs.get(name) as Float64Array, async () => {
      await binding.run();
      return results.get("loss")![0];
    });
    expect(relativeDifference(gradients.get(gradientName(name))!, expected), name).toBeLessThan(1e-7);
  }
}

describe("differentiate", () => {
  it("gives the gradients of a chain, and keeps the outputs that were there", async () => {
    const names = ["x", "head", ...layers.flatMap((name) => [`${name}.weight`, `${name}.bias`])];
    const graph = differentiate(perceptron(), "loss", names);
    expect([...graph.outputs.keys()]).toEqual(["loss", "tokenLosses", ...names.map(gradientName)]);
    await expectTrueGradients(perceptron(), names);
  });

  it("sums over the uses of a value", async () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [3, 4]);
    const weight = builder.input("weight", [4, 4]);
    // The weight is used twice, one of its results three times, and `x` twice by one node.
    const y = builder.linear(builder.multiply(x, x), weight, null, "inputOutput");
    const z = builder.linear(y, weight, null, "outputInput");
    crossEntropy(builder, builder.add(builder.add(y, z), builder.gelu(y, "none")));
    await expectTrueGradients(builder.build(), ["x", "weight"]);
  });

  it("takes an unused part of a split as zero", async () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [3, 9]);
    const [, middle, last] = builder.splitColumns(x, [4, 3, 2]);
    crossEntropy(builder, middle);
    builder.output("beside", last);
    await expectTrueGradients(builder.build(), ["x"]);
  });

  it("spends no weight gradient on a frozen weight", () => {
    const trained = (names: readonly string[]) => differentiate(perceptron(), "loss", names);
    expect(count(trained(["first.weight", "second.weight", "third.weight"]), "linearWeightGrad")).toBe(3);
    const frozenSecond = trained(["first.weight", "third.weight"]);
    expect(count(frozenSecond, "linearWeightGrad")).toBe(2);
    // The gradient still passes through the frozen layer, and stops below the first one's weight.
    expect(count(frozenSecond, "linearInputGrad")).toBe(2);
    expect(count(frozenSecond, "columnSum")).toBe(0);
  });

  it("goes no further down than the lowest trainable weight", () => {
    const graph = differentiate(perceptron(), "loss", ["third.weight"]);
    const backward = graph.nodes.slice(perceptron().nodes.length).map(({ primitive }) => primitive);
    expect(backward).toEqual(["fill", "linearCrossEntropyGrad", "siluGrad", "linearWeightGrad"]);
  });

  it("adds nothing where nothing is trainable", () => {
    expect(differentiate(perceptron(), "loss", [])).toEqual(perceptron());
  });

  it("gives 1 for the loss itself", async () => {
    const builder = new GraphBuilder();
    builder.output("loss", builder.input("loss input", []));
    const graph = differentiate(builder.build(), "loss", ["loss input"]);
    const outputs = await runGraph(referenceBackend, graph, new Map([["loss input", Float64Array.of(7)]]));
    expect(outputs.get(gradientName("loss input"))).toEqual(Float64Array.of(1));
  });

  it("refuses an input that the loss does not depend on", () => {
    const builder = new GraphBuilder();
    builder.output("beside", builder.silu(builder.input("idle", [2, 2])));
    crossEntropy(builder, builder.input("x", [3, 4]));
    expect(() => differentiate(builder.build(), "loss", ["head", "idle"])).toThrow(
      new ShapeError("differentiate: 'loss' does not depend on 'idle'."),
    );
  });

  it.each([
    ["a loss that is no scalar", "tokenLosses", ["head"], "'tokenLosses' is not a scalar output"],
    ["a loss that is no output", "x", ["head"], "'x' is not a scalar output"],
    ["an input that is not there", "loss", ["fourth"], "'fourth' is not a float input"],
    ["indices", "loss", ["targets"], "'targets' is not a float input"],
    ["the weights of the loss", "loss", ["weights"], "no derivative with respect to the weights"],
  ])("refuses %s", (_, loss, names, message) => {
    expect(() => differentiate(perceptron(), loss, names)).toThrow(ShapeError);
    expect(() => differentiate(perceptron(), loss, names)).toThrow(message);
  });

  it("refuses a backward primitive on the way, by name", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [3, 4]);
    const [slope] = builder.apply("siluGrad", {}, [x, x]);
    crossEntropy(builder, slope);
    expect(() => differentiate(builder.build(), "loss", ["x"])).toThrow("differentiate: siluGrad has no derivative.");
  });

  it("refuses to lose the gradient of token losses beside that of their sum", () => {
    const builder = new GraphBuilder();
    const x = builder.input("x", [3, 4]);
    const head = builder.input("head", [5, 4]);
    const targets = builder.input("targets", [3], "int");
    const weights = builder.input("weights", [3]);
    const [sum, tokenLosses] = builder.linearCrossEntropy(x, head, targets, weights, "outputInput");
    const again = builder.linear(x, builder.input("weight", [4, 3]), tokenLosses, "inputOutput");
    const classes = builder.input("classes", [5, 3]);
    const [other] = builder.linearCrossEntropy(again, classes, targets, weights, "outputInput");
    builder.output("loss", builder.add(sum, other));
    expect(() => differentiate(builder.build(), "loss", ["head"])).toThrow(
      "linearCrossEntropy: token losses have no derivative",
    );
    expect(() => differentiate(builder.build(), "loss", ["classes"])).not.toThrow();
  });
});
