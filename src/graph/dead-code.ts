/** @file Removes what no output needs. */
import type { Graph, Node } from "./graph.js";
import { verify } from "./verify.js";

/** Keeps the nodes that an output depends on; every input stays, so that a caller's bindings fit. */
export function removeDeadCode(graph: Graph): Graph {
  const needed = new Set([...graph.outputs.values()].map((value) => value.id));
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((value) => needed.has(value.id))) continue;
    for (const value of node.inputs) needed.add(value.id);
    kept.push(node);
  }
  return verify({ ...graph, nodes: kept.reverse() });
}

/** Keeps the named outputs alone, and what they need. */
export function selectOutputs(graph: Graph, names: readonly string[]): Graph {
  const outputs = new Map([...graph.outputs].filter(([name]) => names.includes(name)));
  return removeDeadCode({ ...graph, outputs });
}
