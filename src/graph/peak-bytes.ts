/** @file How much memory a graph's intermediate values take at their peak, from their lifetimes. An estimate: backends keep more or less. */
import { elementCount, type Graph, type Node, type Value } from "./graph.js";

const bytesPerElement = 4;
const bytesOf = ({ shape }: Pick<Value, "shape">) => elementCount(shape) * bytesPerElement;

/**
 * What a backend keeps of a node beside its outputs from the forward to the backward pass. Attention keeps its probabilities and
 * the heads apart; norms their normalized input; gated activations their gate; the loss the logarithms of the probabilities.
 */
function keptBytes(node: Node): number {
  const [x] = node.inputs;
  switch (node.primitive) {
    case "causalAttention": {
      const { rows, length, heads } = node.attributes;
      return rows * heads * length * length * bytesPerElement + 3 * bytesOf(x);
    }
    case "layerNorm":
    case "rmsNorm":
    case "silu":
      return bytesOf(x);
    case "gelu":
      return 2 * bytesOf(x);
    case "linearCrossEntropy":
      return logitsBytes(node);
    default:
      return 0;
  }
}

/** What a backend needs beside inputs and outputs while a node is computed. */
function scratchBytes(node: Node): number {
  const [x] = node.inputs;
  switch (node.primitive) {
    case "causalAttention":
    case "causalAttentionGrad": {
      const { rows, length, heads } = node.attributes;
      return 2 * rows * heads * length * length * bytesPerElement + 3 * bytesOf(x);
    }
    case "linearWeightGrad":
    case "layerNormGrad":
    case "rmsNormGrad":
    case "geluGrad":
    case "siluGrad":
      return 2 * bytesOf(x);
    case "linearCrossEntropy":
      return logitsBytes(node);
    case "linearCrossEntropyGrad":
      // The probabilities, and the head's gradient before its rows are taken off.
      return logitsBytes(node) + 2 * bytesOf(node.inputs[1]);
    default:
      return 0;
  }
}

function logitsBytes({ inputs: [x, weight] }: Node): number {
  const vocabulary = elementCount(weight.shape) / x.shape[1];
  return x.shape[0] * vocabulary * bytesPerElement;
}

/** The graph's inputs apart, and its outputs, which a caller provides; `kept` counts only where the graph has backward nodes. */
export function peakBytes(graph: Graph): number {
  const last = new Map<number, number>();
  const backwardStart = graph.nodes.findIndex(({ primitive }) => primitive.endsWith("Grad"));
  graph.nodes.forEach((node, index) => {
    for (const { id } of node.inputs) last.set(id, index);
  });
  const outputs = new Set([...graph.outputs.values()].map(({ id }) => id));
  let held = 0;
  let peak = 0;
  const released = new Map<number, number>();
  const release = (index: number, bytes: number) => released.set(index, (released.get(index) ?? 0) + bytes);
  graph.nodes.forEach((node, index) => {
    for (const value of node.outputs) {
      if (outputs.has(value.id)) continue;
      held += bytesOf(value);
      release(last.get(value.id) ?? index, bytesOf(value));
    }
    const kept = backwardStart >= 0 ? keptBytes(node) : 0;
    held += kept;
    if (kept > 0) release(mirrored(graph, node, index), kept);
    peak = Math.max(peak, held + scratchBytes(node));
    held -= released.get(index) ?? 0;
  });
  return peak;
}

/** Where the backward node of a forward node lies: it reads the same first input. */
function mirrored({ nodes }: Graph, { primitive, inputs: [x] }: Node, index: number): number {
  const found = nodes.findLastIndex((node) => node.primitive === `${primitive}Grad` && node.inputs[0] === x);
  return found >= 0 ? found : index;
}
