/** @file Checks that a graph is well formed; run after every pass, so that a wrong pass fails where it is wrong. */
import { ShapeError } from "../foundation/errors.js";
import { type Graph, sameShape, type Value } from "./graph.js";
import { outputTypes } from "./shape-rules.js";

/**
 * Every value has one definition, before its first use, with the shape and type that the primitive's rule gives; every output is
 * defined. @returns the graph itself. @throws ShapeError
 */
export function verify(graph: Graph): Graph {
  const defined = new Map<number, Value>();
  const define = (value: Value, where: string) => {
    if (defined.has(value.id)) throw new ShapeError(`${where}: value %${value.id} is defined twice.`);
    if (!value.shape.every((size) => Number.isSafeInteger(size) && size > 0))
      throw new ShapeError(`${where}: value %${value.id} has the shape [${value.shape.join(", ")}].`);
    defined.set(value.id, value);
  };
  const use = (value: Value, where: string) => {
    if (defined.get(value.id) !== value)
      throw new ShapeError(`${where}: value %${value.id} is used but not defined before.`);
  };
  for (const [name, value] of graph.inputs) define(value, `input '${name}'`);
  graph.nodes.forEach((node, index) => {
    const where = `node ${index} (${node.primitive})`;
    for (const value of node.inputs) use(value, where);
    const types = outputTypes(node.primitive, node.attributes, node.inputs);
    if (types.length !== node.outputs.length)
      throw new ShapeError(`${where}: has ${node.outputs.length} outputs, its rule gives ${types.length}.`);
    node.outputs.forEach((value, position) => {
      define(value, where);
      const { shape, type } = types[position];
      if (!sameShape(value.shape, shape) || value.type !== type)
        throw new ShapeError(
          `${where}: output ${position} is [${value.shape.join(", ")}], its rule gives [${shape.join(", ")}].`,
        );
    });
  });
  for (const [name, value] of graph.outputs) use(value, `output '${name}'`);
  return graph;
}
