/** @file The float64 backend in plain TypeScript: slow, and right. The oracle of the tests. */
import { ShapeError } from "../../foundation/errors.js";
import type { Graph } from "../../graph/graph.js";
import type { Primitive } from "../../graph/primitive.js";
import { verify } from "../../graph/verify.js";
import { type Backend, type Buffers, checkBinding, type Program } from "../backend.js";
import { kernels, type Tensor } from "./kernels.js";

function evaluate(graph: Graph, inputs: Buffers): Map<number, Tensor> {
  const tensors = new Map<number, Tensor>();
  for (const [name, value] of graph.inputs) {
    const buffer = inputs.get(name);
    if (buffer) tensors.set(value.id, { shape: value.shape, data: Float64Array.from(buffer) });
  }
  for (const node of graph.nodes) {
    const operands = node.inputs.map((value) => tensors.get(value.id)!);
    const kernel = kernels[node.primitive] as (typeof kernels)[Primitive] as (
      attributes: object,
      inputs: readonly Tensor[],
      outputs: typeof node.outputs,
    ) => readonly Float64Array[];
    const results = kernel(node.attributes, operands, node.outputs);
    node.outputs.forEach((value, index) => {
      tensors.set(value.id, { shape: value.shape, data: results[index] });
    });
  }
  return tensors;
}

function program(graph: Graph): Program {
  return {
    graph,
    bind(inputs, outputs) {
      checkBinding(graph, inputs, outputs);
      return {
        async run() {
          const tensors = evaluate(graph, inputs);
          for (const [name, buffer] of outputs) {
            const tensor = tensors.get(graph.outputs.get(name)!.id);
            if (!tensor) throw new ShapeError(`run: output '${name}' was not computed.`);
            buffer.set(tensor.data);
          }
        },
      };
    },
    async dispose() {},
  };
}

export const referenceBackend: Backend = {
  description: "float64 reference in TypeScript",
  async compile(graph) {
    return program(verify(graph));
  },
};
