/** @file Cuts a graph in two: what does not depend on some inputs, to be computed once, and the rest. Knows nothing of models. */
import { ShapeError } from "../foundation/errors.js";
import type { Graph, Node, Value } from "./graph.js";
import { verify } from "./verify.js";

export interface Cut {
  /** Computes the boundary; it has none of the changing inputs. Without nodes where everything depends on them. */
  readonly before: Graph;
  /** Computes the graph's outputs; the boundary's values are inputs of the same names. */
  readonly after: Graph;
  /** Names of the values that pass from one to the other. */
  readonly boundary: readonly string[];
}

/** @param changing names of inputs. @throws ShapeError for a name that is no input. */
export function cutAt(graph: Graph, changing: ReadonlySet<string>): Cut {
  for (const name of changing)
    if (!graph.inputs.has(name)) throw new ShapeError(`cut: the graph has no input '${name}'.`);
  const dependent = new Set<number>([...changing].map((name) => graph.inputs.get(name)!.id));
  const isDependent = (node: Node) => node.inputs.some(({ id }) => dependent.has(id));
  const nodes: { before: Node[]; after: Node[] } = { before: [], after: [] };
  for (const node of graph.nodes) {
    nodes[isDependent(node) ? "after" : "before"].push(node);
    if (isDependent(node)) for (const { id } of node.outputs) dependent.add(id);
  }
  const made = new Map(nodes.before.flatMap((node) => node.outputs.map((value) => [value.id, value])));
  const wanted = [...nodes.after.flatMap((node) => node.inputs), ...graph.outputs.values()];
  const crossing = new Map<string, Value>();
  for (const { id } of wanted) {
    const value = made.get(id);
    if (value) crossing.set(`cut ${id}`, value);
  }
  return {
    before: verify({ inputs: inputsOf(graph, nodes.before, []), nodes: nodes.before, outputs: crossing }),
    after: verify({
      inputs: new Map([...inputsOf(graph, nodes.after, [...graph.outputs.values()]), ...crossing]),
      nodes: nodes.after,
      outputs: graph.outputs,
    }),
    boundary: [...crossing.keys()],
  };
}

/** Those inputs of a graph that some nodes or outputs read. */
function inputsOf(graph: Graph, nodes: readonly Node[], outputs: readonly Value[]): Map<string, Value> {
  const read = new Set([...nodes.flatMap((node) => node.inputs), ...outputs].map(({ id }) => id));
  return new Map([...graph.inputs].filter(([, { id }]) => read.has(id)));
}
