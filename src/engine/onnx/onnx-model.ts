/** @file A graph as the bytes of an ONNX model, which onnxruntime runs and Netron shows. */
import type { Graph, Value } from "../../graph/graph.js";
import { verify } from "../../graph/verify.js";
import { lower } from "./lowering.js";
import { OnnxGraph, type OnnxValue } from "./onnx-graph.js";

/** @param outputs the outputs that are wanted; the rest is not computed. */
export function onnxModel(graph: Graph, outputs: readonly string[] = [...graph.outputs.keys()]): Uint8Array {
  verify(graph);
  const onnx = new OnnxGraph();
  const values = new Map<number, OnnxValue>();
  const sharedValues = new Map<string, OnnxValue>();
  const shared = (what: string, of: readonly Value[], make: () => OnnxValue): OnnxValue => {
    const key = `${what} of ${of.map((value) => value.id).join()}`;
    const known = sharedValues.get(key);
    if (known) return known;
    const made = make();
    sharedValues.set(key, made);
    return made;
  };
  for (const [name, value] of graph.inputs) values.set(value.id, onnx.input(name, value.shape, value.type));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => values.get(value.id)!);
    const lowered = lower(onnx, node, inputs, shared);
    lowered.forEach((value, index) => {
      values.set(node.outputs[index].id, value);
    });
  }
  for (const name of outputs) onnx.output(name, values.get(graph.outputs.get(name)!.id)!);
  return onnx.encode();
}
