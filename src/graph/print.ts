/** @file A graph as text, a line a node. Knows nothing of what it computes. */
import type { Graph, Value } from "./graph.js";

const show = (value: Value): string => `%${value.id}:${value.type === "int" ? "i" : ""}[${value.shape.join("x")}]`;

/** e.g. `%7:[64x16] = linear{layout=inputOutput}(%4, %2, %3)` */
export function print(graph: Graph): string {
  const lines = [...graph.inputs].map(([name, value]) => `${show(value)} = input '${name}'`);
  for (const node of graph.nodes) {
    const attributes = Object.entries(node.attributes).map(
      ([key, value]) => `${key}=${Array.isArray(value) ? value.join("/") : value}`,
    );
    const inputs = node.inputs.map((value) => `%${value.id}`).join(", ");
    lines.push(
      `${node.outputs.map(show).join(", ")} = ${node.primitive}${attributes.length ? `{${attributes.join(" ")}}` : ""}(${inputs})`,
    );
  }
  for (const [name, value] of graph.outputs) lines.push(`output '${name}' = %${value.id}`);
  return lines.join("\n");
}
