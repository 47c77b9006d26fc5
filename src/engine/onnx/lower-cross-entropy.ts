/** @file Head and cross-entropy as ONNX operators, forward and backward. */
import type { Value } from "../../graph/graph.js";
import { type Lowering, scatterAdd } from "./lowering-rule.js";
import type { OnnxValue } from "./onnx-graph.js";

type CrossEntropyLowering = Lowering<"linearCrossEntropy" | "linearCrossEntropyGrad">;

/** LogSoftmax and not log of softmax: the latter underflows. */
function logProbabilities({ onnx, node, inputs, shared }: CrossEntropyLowering): OnnxValue {
  const [x, weight] = inputs;
  const of: readonly Value[] = node.inputs.slice(0, 2);
  return shared(`log probabilities ${node.attributes.layout}`, of, () => {
    const logits = onnx.gemm(x, weight, { b: node.attributes.layout === "outputInput" });
    return onnx.op("LogSoftmax", [logits], logits.shape, { axis: 1 });
  });
}

export function lowerCrossEntropy(lowering: Lowering<"linearCrossEntropy">): OnnxValue[] {
  const { onnx, inputs } = lowering;
  const [, , targets, weights] = inputs;
  const slots = targets.shape[0];
  const chosen = onnx.op(
    "GatherElements",
    [logProbabilities(lowering), onnx.reshape(targets, [slots, 1])],
    [slots, 1],
    { axis: 1 },
  );
  const losses = onnx.unary("Neg", onnx.reshape(chosen, [slots]));
  const weighted = onnx.reduce("ReduceSum", onnx.binary("Mul", losses, weights), 0);
  return [onnx.reshape(weighted, []), losses];
}

/**
 * With P = softmax(x W), v = dl w and e the one-hot targets: dx = v (P - e) W' = v (P W' - W'[targets]) and
 * dW = x' diag(v) (P - e) = (v x)' P - the rows v x scattered to the targets. So only P itself has the size of the logits.
 */
export function lowerCrossEntropyGrad(lowering: Lowering<"linearCrossEntropyGrad">): OnnxValue[] {
  const { onnx, node, inputs } = lowering;
  const [x, weight, targets, weights, dloss] = inputs;
  const [slots] = x.shape;
  const outputInput = node.attributes.layout === "outputInput";
  const probabilities = onnx.unary("Exp", logProbabilities(lowering));
  const factor = onnx.binary("Mul", onnx.reshape(weights, [slots, 1]), dloss);
  const rows = outputInput ? weight : onnx.transpose(weight, [1, 0]);
  const targetRows = onnx.op("Gather", [rows, targets], x.shape, { axis: 0 });
  const dx = onnx.binary(
    "Mul",
    onnx.binary("Sub", onnx.gemm(probabilities, weight, { b: !outputInput }), targetRows),
    factor,
  );
  const weighted = onnx.binary("Mul", x, factor);
  // [n, vocabulary] first: transposing it is far cheaper than transposing the probabilities.
  const dense = onnx.transpose(onnx.gemm(onnx.transpose(weighted, [1, 0]), probabilities), [1, 0]);
  const dweight = scatterAdd(onnx, dense, targets, onnx.unary("Neg", weighted));
  return [dx, outputInput ? dweight : onnx.transpose(dweight, [1, 0])];
}
