/** @file The lowering rule of every primitive to native kernels, one by one; what can go together is found later. */
import { elementCount, type Graph, type Node, type NodeOf, type Value } from "../../graph/graph.js";
import type { Primitive, RotaryAttributes } from "../../graph/primitive.js";
import type { Activation, KernelFlags, KernelName } from "./kernel.js";
import type { KernelCall, Operand, Schedule, Step } from "./schedule.js";

export interface LoweringOptions {
  /** Of matrix products and the loss; sums are float32 always. */
  readonly precision: "fp32" | "bf16";
}

interface Lowering<P extends Primitive> {
  readonly node: NodeOf<P>;
  /** Set on every product. */
  readonly product: KernelFlags;
  /** One value or constant for all that name the same key. */
  readonly shared: <T extends Operand>(key: string, make: () => T) => T;
  readonly newValue: (shape: readonly number[]) => Value;
}

type LoweringRule<P extends Primitive> = (lowering: Lowering<P>) => readonly Step[];

interface CallParts {
  readonly flags?: KernelFlags;
  readonly sizes: readonly number[];
  readonly scalars?: readonly number[];
}

/** What is undefined among the operands is left out. */
function call(
  kernel: KernelName,
  { flags = {}, sizes, scalars = [] }: CallParts,
  operands: Readonly<Record<string, Operand | undefined>>,
): KernelCall {
  const given = Object.entries(operands).filter((entry): entry is [string, Operand] => entry[1] !== undefined);
  return { kernel, flags, sizes, scalars, operands: Object.fromEntries(given) };
}

/** Matrices as they are, vectors as one row. */
const size = ({ shape }: Value): [number, number] =>
  shape.length === 2 ? [shape[0], shape[1]] : [1, elementCount(shape)];

function elementwise(kernel: KernelName, flags: KernelFlags, operands: Readonly<Record<string, Value>>, like: Value) {
  return [call(kernel, { flags, sizes: size(like) }, operands)];
}

const gelu = (approximation: "tanh" | "none"): { readonly activation: Activation } => ({
  activation: approximation === "tanh" ? "geluTanh" : "gelu",
});

function logSumExp({ node, shared, newValue }: Lowering<"causalAttention" | "causalAttentionGrad">): Value {
  const { rows, length, heads } = node.attributes;
  const key = node.primitive === "causalAttention" ? node.outputs[0] : node.inputs[3];
  return shared(`logSumExp of ${key.id}`, () => newValue([rows * length, heads]));
}

function rotaryTables(
  { frequencies }: RotaryAttributes,
  rows: number,
  shared: Lowering<"rotary">["shared"],
): Record<string, Operand> {
  const key = `${frequencies.join(" ")} ${rows}`;
  const table = (name: string, f: (angle: number) => number) =>
    shared(`${name} ${key}`, () => ({
      constant: Float32Array.from({ length: rows * frequencies.length }, (_, index) =>
        f(Math.floor(index / frequencies.length) * frequencies[index % frequencies.length]),
      ),
      stride: frequencies.length,
    }));
  return {
    cosines: table("cosines", Math.cos),
    sines: table("sines", Math.sin),
    frequencies: shared(`frequencies ${key}`, () => ({
      constant: Float64Array.from(frequencies),
      stride: frequencies.length,
    })),
  };
}

function attentionParts({ attributes, inputs: [q] }: NodeOf<"causalAttention"> | NodeOf<"causalAttentionGrad">) {
  const { rows, length, heads, keyValueHeads, scale } = attributes;
  return { sizes: [rows, length, heads, keyValueHeads, q.shape[1] / heads], scalars: [scale] };
}

const loweringRules: { readonly [P in Primitive]: LoweringRule<P> } = {
  linear({ node, product }) {
    const [[x, weight, bias], [y]] = [node.inputs, node.outputs];
    const flags = { ...product, bTransposed: node.attributes.layout === "outputInput" };
    const sizes = [x.shape[0], y.shape[1], x.shape[1]];
    return [call("matrixProduct", { flags, sizes, scalars: [1] }, { a: x, b: weight, c: y, bias })];
  },
  linearInputGrad({ node, product }) {
    const [[dy, weight], [dx]] = [node.inputs, node.outputs];
    const flags = { ...product, bTransposed: node.attributes.layout === "inputOutput" };
    const sizes = [dy.shape[0], dx.shape[1], dy.shape[1]];
    return [call("matrixProduct", { flags, sizes, scalars: [1] }, { a: dy, b: weight, c: dx })];
  },
  linearWeightGrad({ node, product }) {
    const [x, dy] = node.attributes.layout === "inputOutput" ? node.inputs : [...node.inputs].reverse();
    const flags = { ...product, aTransposed: true };
    const sizes = [x.shape[1], dy.shape[1], x.shape[0]];
    return [call("matrixProduct", { flags, sizes, scalars: [1] }, { a: x, b: dy, c: node.outputs[0] })];
  },
  columnSum: ({ node: { inputs, outputs } }) => [
    call("columnSum", { sizes: size(inputs[0]) }, { x: inputs[0], out: outputs[0] }),
  ],
  gatherRows({ node: { inputs, outputs } }) {
    const [table, rows] = inputs;
    const sizes = [rows.shape[0], table.shape[1], table.shape[0]];
    return [call("gatherRows", { sizes }, { table, rows, y: outputs[0] })];
  },
  scatterAddRows({ node: { inputs, outputs, attributes } }) {
    const [rows, y] = inputs;
    const sizes = [rows.shape[0], y.shape[1], attributes.count];
    return [call("scatterAddRows", { sizes }, { rows, y, out: outputs[0] })];
  },
  layerNorm({ node: { inputs, outputs, attributes } }) {
    const [x, scale, shift] = inputs;
    const parts = { flags: { centred: true }, sizes: size(x), scalars: [attributes.epsilon] };
    return [call("norm", parts, { x, scale, shift, y: outputs[0] })];
  },
  layerNormGrad({ node: { inputs, outputs, attributes } }) {
    const [[x, scale, dy], [dx, dscale, dshift]] = [inputs, outputs];
    const parts = { flags: { centred: true }, sizes: size(x), scalars: [attributes.epsilon] };
    return [call("normGrad", parts, { x, scale, dy, dx, dscale, dshift })];
  },
  rmsNorm({ node: { inputs, outputs, attributes } }) {
    const [x, scale] = inputs;
    return [call("norm", { sizes: size(x), scalars: [attributes.epsilon] }, { x, scale, y: outputs[0] })];
  },
  rmsNormGrad({ node: { inputs, outputs, attributes } }) {
    const [[x, scale, dy], [dx, dscale]] = [inputs, outputs];
    return [call("normGrad", { sizes: size(x), scalars: [attributes.epsilon] }, { x, scale, dy, dx, dscale })];
  },
  gelu: ({ node: { inputs, outputs, attributes } }) =>
    elementwise("activation", gelu(attributes.approximation), { x: inputs[0], y: outputs[0] }, inputs[0]),
  geluGrad: ({ node: { inputs, outputs, attributes } }) =>
    elementwise(
      "activationGrad",
      gelu(attributes.approximation),
      { x: inputs[0], dy: inputs[1], dx: outputs[0] },
      inputs[0],
    ),
  silu: ({ node: { inputs, outputs } }) =>
    elementwise("activation", { activation: "silu" }, { x: inputs[0], y: outputs[0] }, inputs[0]),
  siluGrad: ({ node: { inputs, outputs } }) =>
    elementwise("activationGrad", { activation: "silu" }, { x: inputs[0], dy: inputs[1], dx: outputs[0] }, inputs[0]),
  rotary({ node: { inputs, outputs, attributes }, shared }) {
    const [x, positions] = inputs;
    const { heads, headWidth, frequencies, inverse } = attributes;
    const rows = positions.shape[0];
    const sizes = [rows, heads, headWidth, frequencies.length, rows];
    const tables = rotaryTables(attributes, rows, shared);
    return [call("rotary", { sizes, scalars: [inverse ? -1 : 1] }, { x, positions, y: outputs[0], ...tables })];
  },
  causalAttention(lowering) {
    const [q, k, v, segments] = lowering.node.inputs;
    const operands = { q, k, v, segments, out: lowering.node.outputs[0], logSumExp: logSumExp(lowering) };
    return [call("attention", attentionParts(lowering.node), operands)];
  },
  causalAttentionGrad(lowering) {
    const [q, k, v, out, dout, segments] = lowering.node.inputs;
    const [dq, dk, dv] = lowering.node.outputs;
    const operands = { q, k, v, segments, out, logSumExp: logSumExp(lowering), dout, dq, dk, dv };
    return [call("attentionGrad", attentionParts(lowering.node), operands)];
  },
  splitColumns: ({ node: { inputs, outputs } }) => [{ kernel: "split", inputs, outputs }],
  concatColumns: ({ node: { inputs, outputs } }) => [{ kernel: "concat", inputs, outputs }],
  reshape: ({ node: { inputs, outputs } }) => [{ kernel: "reshape", inputs, outputs }],
  add: ({ node: { inputs, outputs } }) =>
    elementwise("add", {}, { x: inputs[0], y: inputs[1], out: outputs[0] }, inputs[0]),
  multiply: ({ node: { inputs, outputs } }) =>
    elementwise("multiply", {}, { x: inputs[0], y: inputs[1], out: outputs[0] }, inputs[0]),
  scale: ({ node: { inputs, outputs, attributes } }) => [
    call("scale", { sizes: size(inputs[0]), scalars: [attributes.factor] }, { x: inputs[0], out: outputs[0] }),
  ],
  fill: ({ node: { outputs, attributes } }) => [
    call("fill", { sizes: size(outputs[0]), scalars: [attributes.value] }, { out: outputs[0] }),
  ],
  linearCrossEntropy({ node, product }) {
    const [[x, weight, targets, weights], [loss, tokenLosses]] = [node.inputs, node.outputs];
    const parts = crossEntropyParts(node, product);
    return [call("crossEntropy", parts, { x, weight, targets, weights, loss, tokenLosses })];
  },
  linearCrossEntropyGrad({ node, product }) {
    const [[x, weight, targets, weights, dloss], [dx, dweight]] = [node.inputs, node.outputs];
    const parts = crossEntropyParts(node, product);
    return [call("crossEntropy", parts, { x, weight, targets, weights, dx, dweight, dloss })];
  },
};

function crossEntropyParts(
  { attributes, inputs: [x, weight] }: NodeOf<"linearCrossEntropy"> | NodeOf<"linearCrossEntropyGrad">,
  product: KernelFlags,
): CallParts {
  const vocabulary = elementCount(weight.shape) / x.shape[1];
  const flags = { ...product, bTransposed: attributes.layout === "outputInput" };
  return { flags, sizes: [x.shape[0], x.shape[1], vocabulary], scalars: [1] };
}

/** Kernels one primitive at a time, in the graph's order. */
export function lower(graph: Graph, { precision }: LoweringOptions): Schedule {
  const values = [...graph.inputs.values(), ...graph.nodes.flatMap((node) => node.outputs)];
  let nextId = values.reduce((next, { id }) => Math.max(next, id + 1), 0);
  const kept = new Map<string, Operand>();
  const context = {
    product: precision === "bf16" ? { bfloat16: true } : {},
    newValue: (shape: readonly number[]): Value => ({ id: nextId++, shape, type: "float" }),
    shared: <T extends Operand>(key: string, make: () => T): T => {
      const found = kept.get(key) as T | undefined;
      if (found) return found;
      const made = make();
      kept.set(key, made);
      return made;
    },
  };
  const steps = graph.nodes.flatMap((node: Node) => {
    const rule = loweringRules[node.primitive] as LoweringRule<Primitive>;
    return rule({ ...context, node: node as NodeOf<Primitive> });
  });
  return { inputs: graph.inputs, steps: withoutOrphans(steps), outputs: graph.outputs };
}

/** A backward kernel whose forward kernel is not in the graph reads a log-sum-exp that nobody makes: it computes it itself. */
function withoutOrphans(steps: readonly Step[]): readonly Step[] {
  const made = new Set<number>();
  return steps.map((step) => {
    if (step.kernel === "attention") made.add((step.operands.logSumExp as Value).id);
    if (step.kernel !== "attentionGrad" || made.has((step.operands.logSumExp as Value).id)) return step;
    const { logSumExp: _, ...operands } = step.operands;
    return { ...step, operands };
  });
}
