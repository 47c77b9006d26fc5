/** @file Floating-point operations of a graph's products; everything else is a few per cent of them. Knows no backend. */
import { elementCount, type Graph, type Node } from "./graph.js";

/** Causal attention needs half of the square. */
function attentionProducts(
  { rows, length }: { readonly rows: number; readonly length: number },
  width: number,
): number {
  return 2 * width * rows * length * (length + 1) * 0.5;
}

function flopsOf(node: Node): number {
  const [first, second] = node.inputs;
  switch (node.primitive) {
    case "linear":
    case "linearInputGrad":
      return 2 * first.shape[0] * elementCount(second.shape);
    case "linearWeightGrad":
      return 2 * first.shape[0] * first.shape[1] * second.shape[1];
    case "linearCrossEntropy":
      return 2 * first.shape[0] * elementCount(second.shape);
    case "linearCrossEntropyGrad":
      return 4 * first.shape[0] * elementCount(second.shape);
    case "causalAttention":
      return 2 * attentionProducts(node.attributes, first.shape[1]);
    // Scores again, and two products for each of probabilities, queries and keys, values.
    case "causalAttentionGrad":
      return 4 * attentionProducts(node.attributes, first.shape[1]);
    default:
      return 0;
  }
}

/** Additions and multiplications of all products; attention with its causal half, probabilities kept from the forward pass. */
export function graphFlops(graph: Graph): number {
  return graph.nodes.reduce((sum, node) => sum + flopsOf(node), 0);
}
