/** @file The lowering rule of every primitive to ONNX operators. Knows nothing of sessions or derivatives. */
import type { Node, Value } from "../../graph/graph.js";
import type { Primitive } from "../../graph/primitive.js";
import { lowerAttention, lowerAttentionGrad } from "./lower-attention.js";
import { lowerCrossEntropy, lowerCrossEntropyGrad } from "./lower-cross-entropy.js";
import { columnSum, type Lowering, type LoweringRule, scatterAdd } from "./lowering-rule.js";
import type { OnnxGraph, OnnxValue } from "./onnx-graph.js";

/** x', made once for all that need it. An explicit transpose and a plain Gemm beat Gemm's transA. */
function transposedInput({ onnx, shared }: Lowering<Primitive>, value: Value, x: OnnxValue): OnnxValue {
  return shared("transpose", [value], () => onnx.transpose(x, [1, 0]));
}

/** (x - mean) / std and 1 / std of each row. */
function layerNormParts(lowering: Lowering<"layerNorm" | "layerNormGrad">): [OnnxValue, OnnxValue] {
  const { onnx, node, inputs, shared } = lowering;
  const [x] = inputs;
  const width = x.shape[1];
  let inverse: OnnxValue | null = null;
  const normalized = shared(`normalized ${node.attributes.epsilon}`, [node.inputs[0]], () => {
    const column = [x.shape[0], 1];
    const scale = onnx.ones([width]);
    const shift = onnx.fill([width], 0);
    const attributes = { axis: -1, epsilon: { float: node.attributes.epsilon } };
    const parts = onnx.ops("LayerNormalization", [x, scale, shift], [x.shape, column, column], attributes);
    inverse = parts[2];
    return parts[0]!;
  });
  return [normalized, shared(`inverse std ${node.attributes.epsilon}`, [node.inputs[0]], () => inverse!)];
}

function rmsNormParts({
  onnx,
  node,
  inputs: [x],
  shared,
}: Lowering<"rmsNorm" | "rmsNormGrad">): [OnnxValue, OnnxValue] {
  const { epsilon } = node.attributes;
  const inverse = shared(`inverse rms ${epsilon}`, [node.inputs[0]], () => {
    const square = onnx.reduce("ReduceMean", onnx.binary("Mul", x, x), 1);
    return onnx.unary("Reciprocal", onnx.unary("Sqrt", onnx.binary("Add", square, onnx.scalar(epsilon))));
  });
  return [shared(`normalized by rms ${epsilon}`, [node.inputs[0]], () => onnx.binary("Mul", x, inverse)), inverse];
}

/** 2 u of y = x logistic(2 u), the tanh form of GELU, and the slope d(2 u)/dx needs x^2. */
const geluA = 2 * Math.sqrt(2 / Math.PI);
const geluB = geluA * 0.044715;

function square({ onnx, node, inputs: [x], shared }: Lowering<"gelu" | "geluGrad">): OnnxValue {
  return shared("square", [node.inputs[0]], () => onnx.binary("Mul", x, x));
}

/** F(x) of y = x F(x). */
function geluGate(lowering: Lowering<"gelu" | "geluGrad">): OnnxValue {
  const { onnx, node, inputs, shared } = lowering;
  const [x] = inputs;
  return shared(`gate ${node.attributes.approximation}`, [node.inputs[0]], () => {
    if (node.attributes.approximation === "tanh") {
      const cubic = onnx.binary("Add", onnx.binary("Mul", square(lowering), onnx.scalar(geluB)), onnx.scalar(geluA));
      return onnx.unary("Sigmoid", onnx.binary("Mul", x, cubic));
    }
    const erf = onnx.unary("Erf", onnx.binary("Mul", x, onnx.scalar(Math.SQRT1_2)));
    return onnx.binary("Mul", onnx.binary("Add", erf, onnx.scalar(1)), onnx.scalar(0.5));
  });
}

/** dy (F + x F'), from F, x F and x^2. */
function geluGrad(lowering: Lowering<"geluGrad">): OnnxValue {
  const { onnx, node, inputs } = lowering;
  const [x, dy] = inputs;
  const gate = geluGate(lowering);
  const squared = square(lowering);
  if (node.attributes.approximation === "tanh") {
    const y = onnx.binary("Mul", x, gate);
    const closing = onnx.binary("Sub", y, onnx.binary("Mul", y, gate));
    const slope = onnx.binary("Add", onnx.binary("Mul", squared, onnx.scalar(3 * geluB)), onnx.scalar(geluA));
    return onnx.binary("Mul", dy, onnx.binary("Add", gate, onnx.binary("Mul", closing, slope)));
  }
  const density = onnx.binary(
    "Mul",
    onnx.unary("Exp", onnx.binary("Mul", squared, onnx.scalar(-0.5))),
    onnx.scalar(1 / Math.sqrt(2 * Math.PI)),
  );
  return onnx.binary("Mul", dy, onnx.binary("Add", gate, onnx.binary("Mul", x, density)));
}

function silu({ onnx, node, inputs: [x], shared }: Lowering<"silu" | "siluGrad">): [OnnxValue, OnnxValue] {
  const gate = shared("logistic", [node.inputs[0]], () => onnx.unary("Sigmoid", x));
  return [gate, shared("silu", [node.inputs[0]], () => onnx.binary("Mul", x, gate))];
}

function rotary({ onnx, node, inputs: [x, positions], shared }: Lowering<"rotary">): OnnxValue {
  const { heads, headWidth, frequencies, inverse } = node.attributes;
  const tokens = x.shape[0];
  const pairs = frequencies.length;
  const wave = (opType: "Cos" | "Sin") =>
    shared(`${opType} ${frequencies.join()}`, [node.inputs[1]], () => {
      const at = onnx.op("Cast", [onnx.reshape(positions, [tokens, 1, 1])], [tokens, 1, 1], { to: 1 }, "float");
      return onnx.unary(opType, onnx.binary("Mul", at, onnx.constant(frequencies, [1, 1, pairs])));
    });
  const [cos, sin] = [wave("Cos"), wave("Sin")];
  const perHead = onnx.reshape(x, [tokens, heads, headWidth]);
  const first = onnx.slice(perHead, 2, 0, pairs);
  const second = onnx.slice(perHead, 2, pairs, 2 * pairs);
  const [firstSign, secondSign] = inverse ? ["Add", "Sub"] : ["Sub", "Add"];
  const turned = [
    onnx.binary(firstSign, onnx.binary("Mul", first, cos), onnx.binary("Mul", second, sin)),
    onnx.binary(secondSign, onnx.binary("Mul", second, cos), onnx.binary("Mul", first, sin)),
  ];
  if (2 * pairs < headWidth) turned.push(onnx.slice(perHead, 2, 2 * pairs, headWidth));
  return onnx.reshape(onnx.concat(turned, 2), x.shape);
}

export const loweringRules: { readonly [P in Primitive]: LoweringRule<P> } = {
  linear({ onnx, node, inputs: [x, weight, bias] }) {
    const product = onnx.gemm(x, weight, { b: node.attributes.layout === "outputInput" });
    return [bias ? onnx.binary("Add", product, bias) : product];
  },
  linearInputGrad({ onnx, node, inputs: [dy, weight] }) {
    return [onnx.gemm(dy, weight, { b: node.attributes.layout === "inputOutput" })];
  },
  linearWeightGrad(lowering) {
    const { onnx, node } = lowering;
    const [x, dy] = lowering.inputs;
    const [left, right] = node.attributes.layout === "inputOutput" ? [0, 1] : [1, 0];
    const operands = [x, dy];
    // The narrower operand is the cheaper one to transpose; if it is the right one, so is the product.
    if (operands[left].shape[1] <= operands[right].shape[1])
      return [onnx.gemm(transposedInput(lowering, node.inputs[left], operands[left]), operands[right])];
    const product = onnx.gemm(transposedInput(lowering, node.inputs[right], operands[right]), operands[left]);
    return [onnx.transpose(product, [1, 0])];
  },
  columnSum: ({ onnx, inputs: [x] }) => [columnSum(onnx, x)],
  gatherRows: ({ onnx, inputs: [table, rows] }) => [
    onnx.op("Gather", [table, rows], [rows.shape[0], table.shape[1]], { axis: 0 }),
  ],
  scatterAddRows: ({ onnx, node, inputs: [rows, y] }) => [
    scatterAdd(onnx, onnx.fill([node.attributes.count, y.shape[1]], 0), rows, y),
  ],
  layerNorm(lowering) {
    const { onnx, inputs } = lowering;
    const [normalized] = layerNormParts(lowering);
    return [onnx.binary("Add", onnx.binary("Mul", normalized, inputs[1]), inputs[2])];
  },
  layerNormGrad(lowering) {
    const { onnx, inputs } = lowering;
    const [, scale, dy] = inputs;
    const [normalized, inverse] = layerNormParts(lowering);
    const dh = onnx.binary("Mul", dy, scale);
    const mean = onnx.reduce("ReduceMean", dh, 1);
    const projection = onnx.reduce("ReduceMean", onnx.binary("Mul", dh, normalized), 1);
    const centred = onnx.binary("Sub", onnx.binary("Sub", dh, mean), onnx.binary("Mul", normalized, projection));
    return [
      onnx.binary("Mul", centred, inverse),
      columnSum(onnx, onnx.binary("Mul", dy, normalized)),
      columnSum(onnx, dy),
    ];
  },
  rmsNorm: (lowering) => [lowering.onnx.binary("Mul", rmsNormParts(lowering)[0], lowering.inputs[1])],
  rmsNormGrad(lowering) {
    const { onnx, inputs } = lowering;
    const [, scale, dy] = inputs;
    const [normalized, inverse] = rmsNormParts(lowering);
    const dh = onnx.binary("Mul", dy, scale);
    const projection = onnx.reduce("ReduceMean", onnx.binary("Mul", dh, normalized), 1);
    return [
      onnx.binary("Mul", onnx.binary("Sub", dh, onnx.binary("Mul", normalized, projection)), inverse),
      columnSum(onnx, onnx.binary("Mul", dy, normalized)),
    ];
  },
  gelu: (lowering) => [lowering.onnx.binary("Mul", lowering.inputs[0], geluGate(lowering))],
  geluGrad: (lowering) => [geluGrad(lowering)],
  silu: (lowering) => [silu(lowering)[1]],
  siluGrad(lowering) {
    const { onnx, inputs } = lowering;
    const [gate, y] = silu(lowering);
    const slope = onnx.binary("Add", gate, onnx.binary("Sub", y, onnx.binary("Mul", y, gate)));
    return [onnx.binary("Mul", inputs[1], slope)];
  },
  rotary: (lowering) => [rotary(lowering)],
  causalAttention: (lowering) => [lowerAttention(lowering)],
  causalAttentionGrad: (lowering) => lowerAttentionGrad(lowering),
  splitColumns({ onnx, node, inputs: [x] }) {
    const { sizes } = node.attributes;
    const shapes = sizes.map((size) => [x.shape[0], size]);
    return onnx.ops("Split", [x, onnx.constant(sizes, [sizes.length], "int64")], shapes, { axis: 1 }) as OnnxValue[];
  },
  concatColumns: ({ onnx, inputs }) => [onnx.concat(inputs, 1)],
  reshape: ({ onnx, node, inputs: [x] }) => [onnx.reshape(x, [node.attributes.rows, node.attributes.columns])],
  add: ({ onnx, inputs: [x, y] }) => [onnx.binary("Add", x, y)],
  multiply: ({ onnx, inputs: [x, y] }) => [onnx.binary("Mul", x, y)],
  scale: ({ onnx, node, inputs: [x] }) => [onnx.binary("Mul", x, onnx.scalar(node.attributes.factor))],
  fill: ({ onnx, node }) => [onnx.fill(node.attributes.shape, node.attributes.value)],
  linearCrossEntropy: (lowering) => lowerCrossEntropy(lowering),
  linearCrossEntropyGrad: (lowering) => lowerCrossEntropyGrad(lowering),
};

export function lower(
  onnx: OnnxGraph,
  node: Node,
  inputs: readonly OnnxValue[],
  shared: Lowering<Primitive>["shared"],
): readonly OnnxValue[] {
  const rule = loweringRules[node.primitive] as LoweringRule<Primitive>;
  return rule({ onnx, node, inputs, shared });
}
