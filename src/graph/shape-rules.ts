/** @file The shape rule of every primitive: which inputs it takes and what it gives. Knows nothing of values' contents. */
import { ShapeError } from "../foundation/errors.js";
import { type ElementType, sameShape, type Value } from "./graph.js";
import type { AttentionAttributes, Primitive, PrimitiveAttributes, WeightLayout } from "./primitive.js";

export interface OutputType {
  readonly shape: readonly number[];
  readonly type: ElementType;
}

type ShapeRule<P extends Primitive> = (
  attributes: PrimitiveAttributes[P],
  inputs: readonly Value[],
) => readonly OutputType[];

function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ShapeError(message);
}

const float = (...shape: number[]): OutputType => ({ shape, type: "float" });
const describe = (value: Value | undefined): string => (value ? `${value.type}[${value.shape.join(", ")}]` : "nothing");

/** Demands types by pattern, `f2` being a float matrix and `i1` a list of indices; a trailing `?` makes the last one optional. */
function expectInputs(inputs: readonly Value[], ...patterns: string[]): void {
  const required = patterns.filter((pattern) => !pattern.endsWith("?")).length;
  demand(
    inputs.length >= required && inputs.length <= patterns.length,
    `expects ${required}..${patterns.length} inputs, got ${inputs.length}`,
  );
  inputs.forEach((input, index) => {
    const [type, rank] = patterns[index];
    demand(
      input.type[0] === type && input.shape.length === Number(rank),
      `input ${index} is ${describe(input)}, expected ${type === "f" ? "float" : "int"} of rank ${rank}`,
    );
  });
}

function expectShape(value: Value, ...shape: number[]): void {
  demand(sameShape(value.shape, shape), `an input is ${describe(value)}, expected [${shape.join(", ")}]`);
}

/** [in, out] of a weight. */
function fan(weight: Value, layout: WeightLayout): [number, number] {
  const [first, second] = weight.shape;
  return layout === "inputOutput" ? [first, second] : [second, first];
}

function expectAttention(
  attributes: AttentionAttributes,
  q: Value,
  k: Value,
  v: Value,
  segments: Value | undefined,
): void {
  const { rows, length, heads, keyValueHeads } = attributes;
  const positions = rows * length;
  demand(heads % keyValueHeads === 0, `${heads} heads are not a multiple of ${keyValueHeads} key-value heads`);
  demand(q.shape[1] % heads === 0, `width ${q.shape[1]} is not a multiple of ${heads} heads`);
  expectShape(q, positions, q.shape[1]);
  const keyWidth = (q.shape[1] / heads) * keyValueHeads;
  expectShape(k, positions, keyWidth);
  expectShape(v, positions, keyWidth);
  if (segments) expectShape(segments, positions);
}

function sameAsFirst(inputs: readonly Value[]): readonly OutputType[] {
  for (const input of inputs) {
    demand(sameShape(input.shape, inputs[0].shape), `inputs differ: ${inputs.map(describe).join(", ")}`);
    demand(input.type === "float", `an input is ${describe(input)}, expected float`);
  }
  return [float(...inputs[0].shape)];
}

function elementwise(count: number, inputs: readonly Value[]): readonly OutputType[] {
  demand(inputs.length === count, `expects ${count} inputs, got ${inputs.length}`);
  return sameAsFirst(inputs);
}

function normGrad(inputs: readonly Value[], vectors: number): readonly OutputType[] {
  expectInputs(inputs, "f2", "f1", "f2");
  const [x, scale, dy] = inputs;
  expectShape(scale, x.shape[1]);
  expectShape(dy, ...x.shape);
  return [float(...x.shape), ...Array.from({ length: vectors }, () => float(x.shape[1]))];
}

export const shapeRules: { readonly [P in Primitive]: ShapeRule<P> } = {
  linear({ layout }, inputs) {
    expectInputs(inputs, "f2", "f2", "f1?");
    const [x, weight, bias] = inputs;
    const [fanIn, fanOut] = fan(weight, layout);
    expectShape(x, x.shape[0], fanIn);
    if (bias) expectShape(bias, fanOut);
    return [float(x.shape[0], fanOut)];
  },
  linearInputGrad({ layout }, inputs) {
    expectInputs(inputs, "f2", "f2");
    const [dy, weight] = inputs;
    const [fanIn, fanOut] = fan(weight, layout);
    expectShape(dy, dy.shape[0], fanOut);
    return [float(dy.shape[0], fanIn)];
  },
  linearWeightGrad({ layout }, inputs) {
    expectInputs(inputs, "f2", "f2");
    const [x, dy] = inputs;
    demand(x.shape[0] === dy.shape[0], `rows differ: ${describe(x)}, ${describe(dy)}`);
    return [layout === "inputOutput" ? float(x.shape[1], dy.shape[1]) : float(dy.shape[1], x.shape[1])];
  },
  columnSum(_, inputs) {
    expectInputs(inputs, "f2");
    return [float(inputs[0].shape[1])];
  },
  gatherRows(_, inputs) {
    expectInputs(inputs, "f2", "i1");
    return [float(inputs[1].shape[0], inputs[0].shape[1])];
  },
  scatterAddRows({ count }, inputs) {
    expectInputs(inputs, "i1", "f2");
    demand(inputs[0].shape[0] === inputs[1].shape[0], `rows differ: ${inputs.map(describe).join(", ")}`);
    return [float(count, inputs[1].shape[1])];
  },
  layerNorm(_, inputs) {
    expectInputs(inputs, "f2", "f1", "f1");
    const [x, scale, shift] = inputs;
    expectShape(scale, x.shape[1]);
    expectShape(shift, x.shape[1]);
    return [float(...x.shape)];
  },
  layerNormGrad: (_, inputs) => normGrad(inputs, 2),
  rmsNorm(_, inputs) {
    expectInputs(inputs, "f2", "f1");
    expectShape(inputs[1], inputs[0].shape[1]);
    return [float(...inputs[0].shape)];
  },
  rmsNormGrad: (_, inputs) => normGrad(inputs, 1),
  gelu: (_, inputs) => elementwise(1, inputs),
  geluGrad: (_, inputs) => elementwise(2, inputs),
  silu: (_, inputs) => elementwise(1, inputs),
  siluGrad: (_, inputs) => elementwise(2, inputs),
  rotary({ heads, headWidth, frequencies }, inputs) {
    expectInputs(inputs, "f2", "i1");
    const [x, positions] = inputs;
    expectShape(x, positions.shape[0], heads * headWidth);
    demand(
      frequencies.length * 2 <= headWidth,
      `${frequencies.length} rotated pairs do not fit a head of ${headWidth}`,
    );
    return [float(...x.shape)];
  },
  causalAttention(attributes, inputs) {
    expectInputs(inputs, "f2", "f2", "f2", "i1?");
    const [q, k, v, segments] = inputs;
    expectAttention(attributes, q, k, v, segments);
    return [float(...q.shape)];
  },
  causalAttentionGrad(attributes, inputs) {
    expectInputs(inputs, "f2", "f2", "f2", "f2", "f2", "i1?");
    const [q, k, v, out, dout, segments] = inputs;
    expectAttention(attributes, q, k, v, segments);
    expectShape(out, ...q.shape);
    expectShape(dout, ...q.shape);
    return [float(...q.shape), float(...k.shape), float(...v.shape)];
  },
  splitColumns({ sizes }, inputs) {
    expectInputs(inputs, "f2");
    const [rows, columns] = inputs[0].shape;
    demand(
      sizes.reduce((sum, size) => sum + size, 0) === columns,
      `sizes ${sizes.join("+")} do not make ${columns} columns`,
    );
    return sizes.map((size) => float(rows, size));
  },
  concatColumns(_, inputs) {
    demand(inputs.length > 0, "expects at least one input");
    expectInputs(inputs, ...inputs.map(() => "f2"));
    const rows = inputs[0].shape[0];
    for (const input of inputs) expectShape(input, rows, input.shape[1]);
    return [
      float(
        rows,
        inputs.reduce((sum, input) => sum + input.shape[1], 0),
      ),
    ];
  },
  reshape({ rows, columns }, inputs) {
    expectInputs(inputs, "f2");
    const [from, to] = [inputs[0].shape[0] * inputs[0].shape[1], rows * columns];
    demand(from === to, `${describe(inputs[0])} has ${from} elements, [${rows}, ${columns}] has ${to}`);
    return [float(rows, columns)];
  },
  add: (_, inputs) => elementwise(2, inputs),
  multiply: (_, inputs) => elementwise(2, inputs),
  scale: (_, inputs) => elementwise(1, inputs),
  fill({ shape }, inputs) {
    demand(inputs.length === 0, "expects no input");
    return [float(...shape)];
  },
  linearCrossEntropy({ layout }, inputs) {
    expectInputs(inputs, "f2", "f2", "i1", "f1");
    const [x, weight, targets, weights] = inputs;
    expectShape(x, x.shape[0], fan(weight, layout)[0]);
    expectShape(targets, x.shape[0]);
    expectShape(weights, x.shape[0]);
    return [float(), float(x.shape[0])];
  },
  linearCrossEntropyGrad({ layout }, inputs) {
    expectInputs(inputs, "f2", "f2", "i1", "f1", "f0");
    const [x, weight, targets, weights] = inputs;
    expectShape(x, x.shape[0], fan(weight, layout)[0]);
    expectShape(targets, x.shape[0]);
    expectShape(weights, x.shape[0]);
    return [float(...x.shape), float(...weight.shape)];
  },
};

/** Applies the rule of a primitive. @throws ShapeError naming the primitive. */
export function outputTypes<P extends Primitive>(
  primitive: P,
  attributes: PrimitiveAttributes[P],
  inputs: readonly Value[],
): readonly OutputType[] {
  try {
    const types = shapeRules[primitive](attributes, inputs);
    for (const { shape } of types)
      demand(
        shape.every((size) => Number.isSafeInteger(size) && size > 0),
        `gives the shape [${shape.join(", ")}]`,
      );
    return types;
  } catch (error) {
    if (error instanceof ShapeError) throw new ShapeError(`${primitive}: ${error.message}`);
    throw error;
  }
}
