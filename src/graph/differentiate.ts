/** @file Reverse-mode differentiation over Graph. Knows nothing of single derivatives, of ONNX or of files. */
import { ShapeError } from "../foundation/errors.js";
import { removeDeadCode } from "./dead-code.js";
import { type GradientRule, gradientRules } from "./gradient-rules.js";
import type { Graph, Node, Value } from "./graph.js";
import { GraphBuilder } from "./graph-builder.js";
import type { Primitive } from "./primitive.js";

/** Name of the output that holds d loss / d input. */
export function gradientName(input: string): string {
  return `gradient of ${input}`;
}

/** Ids of the values that depend on one of the sources. */
function dependents(graph: Graph, sources: Iterable<Value>): Set<number> {
  const ids = new Set([...sources].map((value) => value.id));
  for (const node of graph.nodes)
    if (node.inputs.some((value) => ids.has(value.id))) for (const value of node.outputs) ids.add(value.id);
  return ids;
}

/**
 * Adds to a graph the gradient of a scalar output with respect to chosen inputs, as outputs named by `gradientName`. What is not chosen
 * costs nothing: no weight gradient of its own, and no backward pass below the lowest chosen input. The other outputs stay.
 * @param loss name of a float output of shape []. @throws ShapeError where the loss does not depend on a chosen input.
 */
export function differentiate(graph: Graph, loss: string, withRespectTo: readonly string[]): Graph {
  const lossValue = graph.outputs.get(loss);
  if (lossValue?.shape.length !== 0) throw new ShapeError(`differentiate: '${loss}' is not a scalar output.`);
  const wanted = withRespectTo.map((name) => {
    const value = graph.inputs.get(name);
    if (value?.type !== "float") throw new ShapeError(`differentiate: '${name}' is not a float input.`);
    return { name, value };
  });
  const builder = GraphBuilder.from(graph);
  const trainable = dependents(
    graph,
    wanted.map(({ value }) => value),
  );
  const gradients = new Map<number, Value>();
  const accumulate = (value: Value, gradient: Value) => {
    const earlier = gradients.get(value.id);
    gradients.set(value.id, earlier ? builder.add(earlier, gradient) : gradient);
  };
  accumulate(lossValue, builder.apply("fill", { shape: [], value: 1 }, [])[0]);
  for (const node of [...graph.nodes].reverse()) {
    const outputGradients = node.outputs.map((value) => gradients.get(value.id) ?? null);
    const needed = node.inputs.map((value) => trainable.has(value.id));
    if (!needed.includes(true) || outputGradients.every((gradient) => gradient === null)) continue;
    const inputGradients = inputGradientsOf(node, builder, outputGradients, needed);
    node.inputs.forEach((value, index) => {
      const gradient = inputGradients[index];
      if (needed[index] && gradient) accumulate(value, gradient);
    });
  }
  for (const { name, value } of wanted) {
    const gradient = gradients.get(value.id);
    if (!gradient) throw new ShapeError(`differentiate: '${loss}' does not depend on '${name}'.`);
    builder.output(gradientName(name), gradient);
  }
  return removeDeadCode(builder.build());
}

function inputGradientsOf(
  node: Node,
  builder: GraphBuilder,
  gradients: readonly (Value | null)[],
  needed: readonly boolean[],
): readonly (Value | null)[] {
  const rule = gradientRules[node.primitive] as GradientRule<Primitive> | string;
  if (typeof rule === "string") throw new ShapeError(`differentiate: ${node.primitive} has ${rule}.`);
  const { attributes, inputs, outputs } = node;
  return rule({ builder, attributes, inputs, outputs, gradients, needed });
}
