/** @file Small graphs of any shape, drawn step by step, for what must hold of every graph. Knows no backend. */
import fc from "fast-check";
import type { Buffer } from "../src/engine/backend.js";
import { randomStream } from "../src/foundation/random.js";
import { differentiate } from "../src/graph/differentiate.js";
import { elementCount, type Graph, type Value } from "../src/graph/graph.js";
import { GraphBuilder } from "../src/graph/graph-builder.js";
import { print } from "../src/graph/print.js";
import { verify } from "../src/graph/verify.js";

/** Small numbers that a step makes its choices by: which primitive, which values, which attributes. */
type Step = readonly [primitive: number, first: number, second: number, variant: number];

/** How far back a value lies: chains of steps are what gets fused. */
const distance = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 5);
const step = fc.tuple(fc.nat(999), distance, distance, fc.nat(7));

/** Values so far and the inputs that they came from; the latest value is the likeliest to be used. */
class Drawing {
  readonly builder = new GraphBuilder();
  private readonly matrices: Value[] = [];
  private readonly parameters: Value[] = [];
  private readonly bounds = new Map<string, number>();
  private names = 0;

  constructor() {
    this.input([6, 4]);
    this.input([6, 4]);
  }

  add(...values: readonly Value[]): void {
    this.matrices.push(...values);
  }

  input(shape: readonly number[]): Value {
    const value = this.builder.input(`input ${this.names++}`, shape);
    if (shape.length === 2) this.add(value);
    return value;
  }

  /** @param bound above every index */
  indices(count: number, bound: number): Value {
    const name = `indices ${this.names++}`;
    this.bounds.set(name, bound);
    return this.builder.input(name, [count], "int");
  }

  /** An earlier one of this shape now and then. */
  parameter(shape: readonly number[], choice: number): Value {
    const known = this.parameters.filter((value) => value.shape.join() === shape.join());
    if (choice % 2 === 0 && known.length > 0) return known[choice % known.length];
    const value = this.builder.input(`parameter ${this.names++}`, shape);
    this.parameters.push(value);
    return value;
  }

  output(value: Value): void {
    this.builder.output(`output ${this.names++}`, value);
  }

  pick(choice: number, fits: (value: Value) => boolean = () => true): Value {
    const found = this.matrices.filter(fits);
    return found[Math.max(0, found.length - 1 - choice)];
  }

  /** A value of the same shape: the very same where there is no other. */
  like({ shape }: Value, choice: number): Value {
    return this.pick(choice, (other) => other.shape.join() === shape.join());
  }

  /** Numbers for the inputs of a graph. */
  numbers(graph: Graph, seed: number): Map<string, Buffer> {
    const stream = randomStream(seed, "random graph");
    const draw = ([name, { shape, type }]: [string, Value]): [string, Buffer] => {
      const length = elementCount(shape);
      if (type === "int") return [name, Int32Array.from({ length }, () => stream.integer(this.bounds.get(name)!))];
      return [name, Float64Array.from({ length }, () => 0.4 * stream.normal())];
    };
    return new Map([...graph.inputs].map(draw));
  }
}

type Move = (drawing: Drawing, x: Value, choices: Step) => void;

const moves = {
  linear: (d, x, [, , second, variant]) => {
    const [fanIn, fanOut] = [x.shape[1], [2, 4, 8][second % 3]];
    const layout = variant % 2 === 0 ? "inputOutput" : "outputInput";
    const weight = d.parameter(layout === "inputOutput" ? [fanIn, fanOut] : [fanOut, fanIn], second);
    d.add(d.builder.linear(x, weight, variant % 4 < 2 ? d.parameter([fanOut], variant) : null, layout));
  },
  norm: (d, x, [, , second, variant]) => {
    const scale = d.parameter([x.shape[1]], second);
    const shift = d.parameter([x.shape[1]], variant);
    d.add(variant % 2 === 0 ? d.builder.layerNorm(x, scale, shift, 0.1) : d.builder.rmsNorm(x, scale, 0.1));
  },
  activation: (d, x, [, , , variant]) => {
    if (variant % 3 === 0) d.add(d.builder.silu(x));
    else d.add(d.builder.gelu(x, variant % 3 === 1 ? "tanh" : "none"));
  },
  add: (d, x, [, , second]) => d.add(d.builder.add(x, d.like(x, second))),
  multiply: (d, x, [, , second]) => d.add(d.builder.multiply(x, d.like(x, second))),
  scale: (d, x, [, , , variant]) => d.add(d.builder.scale(x, 0.5 - variant / 7)),
  split: (d, x, [, , second]) => {
    const first = 1 + (second % x.shape[1]);
    d.add(...d.builder.splitColumns(x, first < x.shape[1] ? [first, x.shape[1] - first] : [first]));
  },
  concat: (d, x, [, , second, variant]) => {
    const beside = d.pick(second, ({ shape }) => shape[0] === x.shape[0]);
    const parts = variant % 3 === 0 ? [x, beside] : variant % 3 === 1 ? [beside, x] : [x, beside, x];
    if (parts.reduce((width, { shape }) => width + shape[1], 0) <= 16)
      d.add(...d.builder.apply("concatColumns", {}, parts));
  },
  reshape: (d, x, [, , , variant]) => {
    const [rows, columns] = x.shape;
    if (variant % 2 === 0 && columns % 2 === 0) d.add(d.builder.reshape(x, 2 * rows, columns / 2));
    else if (rows % 2 === 0) d.add(d.builder.reshape(x, rows / 2, 2 * columns));
  },
  gather: (d, x) => d.add(d.builder.gatherRows(x, d.indices(6, x.shape[0]))),
  scatter: (d, x) => d.add(...d.builder.apply("scatterAddRows", { count: 6 }, [d.indices(x.shape[0], 6), x])),
  rotary: (d, x, [, , , variant]) => {
    if (x.shape[1] % 2 !== 0) return;
    const attributes = { heads: x.shape[1] / 2, headWidth: 2, frequencies: [0.3], inverse: variant % 2 === 0 };
    d.add(...d.builder.apply("rotary", attributes, [x, d.indices(x.shape[0], 9)]));
  },
  attention: (d, x, [, , second, variant]) => {
    const [positions, width] = x.shape;
    const rows = positions % 2 === 0 ? 2 : 1;
    const heads = width % 2 === 0 ? 2 : 1;
    const attributes = { rows, length: positions / rows, heads, keyValueHeads: heads, scale: 0.6 };
    const segments = variant % 2 === 0 ? d.indices(positions, 2) : null;
    d.add(d.builder.causalAttention(x, d.like(x, second), d.like(x, variant), segments, attributes));
  },
  output: (d, x) => d.output(x),
} as const satisfies Readonly<Record<string, Move>>;

const {
  linear,
  norm,
  activation,
  add,
  multiply,
  scale,
  split,
  concat,
  reshape,
  gather,
  scatter,
  rotary,
  attention,
  output,
} = moves;
const frequent = [linear, linear, linear, activation, activation, add, add, multiply, scale];
const differentiable: readonly Move[] = [
  ...[...frequent, ...frequent, norm, split, concat, reshape],
  ...[gather, scatter, rotary, attention, output],
];

/** Primitives of the backward pass, in company that differentiation would not give them. */
const backward: readonly Move[] = [
  (d, x, [, , second, variant]) => {
    const dy = d.like(x, second);
    const other = d.like(x, variant);
    const gate = variant % 4 === 0 ? d.builder.gelu(x, "tanh") : d.builder.silu(x);
    d.add(d.builder.multiply(dy, gate));
    d.add(...d.builder.apply("siluGrad", {}, [x, d.builder.multiply(other, dy)]));
  },
  (d, x, [, , second, variant]) => {
    const dy = d.like(x, second);
    if (variant % 2 === 0) d.add(...d.builder.apply("siluGrad", {}, [x, dy]));
    else d.add(...d.builder.apply("geluGrad", { approximation: "tanh" }, [x, dy]));
  },
  (d, x, [, , second]) => {
    const weight = d.parameter([4, x.shape[1]], second);
    d.add(...d.builder.apply("linearInputGrad", { layout: "inputOutput" }, [x, weight]));
  },
  (d, x, [, , second, variant]) => {
    const dy = d.like(x, second);
    const scale = d.parameter([x.shape[1]], variant);
    const [dx, dscale] = d.builder.apply("layerNormGrad", { epsilon: 0.1 }, [x, scale, dy]);
    d.add(dx);
    d.output(dscale);
  },
  (d, x) => d.output(d.builder.apply("columnSum", {}, [x])[0]),
  (d, x) => d.add(...d.builder.apply("fill", { shape: x.shape, value: -0.4 }, [])),
];

function draw(steps: readonly Step[], moves: readonly Move[]): Drawing {
  const drawing = new Drawing();
  for (const choices of steps) moves[choices[0] % moves.length](drawing, drawing.pick(choices[1]), choices);
  return drawing;
}

export interface RandomGraph {
  readonly graph: Graph;
  readonly inputs: ReadonlyMap<string, Buffer>;
  /** What fast-check shows of it. */
  readonly [fc.toStringMethod]: () => string;
}

const withNumbers = (drawing: Drawing, graph: Graph, seed: number): RandomGraph => ({
  graph,
  inputs: drawing.numbers(graph, seed),
  [fc.toStringMethod]: () => `\n${print(graph)}`,
});

const steps = (maxLength: number) => fc.array(step, { minLength: 1, maxLength, size: "max" });

export const anyGraph: fc.Arbitrary<RandomGraph> = fc.tuple(steps(20), fc.nat()).map(([chosen, seed]) => {
  const drawing = draw(chosen, [...differentiable, ...backward]);
  drawing.output(drawing.pick(0));
  return withNumbers(drawing, verify(drawing.builder.build()), seed);
});

/** A loss on the last value, with the gradient for some of the inputs that it depends on. */
export const anyTrainingGraph: fc.Arbitrary<RandomGraph> = fc
  .tuple(steps(20), fc.nat(), fc.nat(255))
  .map(([chosen, seed, mask]) => {
    const drawing = draw(chosen, differentiable);
    const { builder } = drawing;
    const last = drawing.pick(0);
    const head = drawing.parameter([5, last.shape[1]], 1);
    const [loss, tokenLosses] = builder.linearCrossEntropy(
      last,
      head,
      drawing.indices(last.shape[0], 5),
      builder.input("weights", [last.shape[0]]),
      "outputInput",
    );
    builder.output("loss", loss);
    builder.output("tokenLosses", tokenLosses);
    const forward = verify(builder.build());
    const candidates = behind(forward, loss).filter((name) => name !== "weights");
    const chosenInputs = candidates.filter((_, index) => (mask >> (index % 8)) % 2 === 1);
    const graph = differentiate(forward, "loss", chosenInputs.length > 0 ? chosenInputs : candidates);
    return withNumbers(drawing, graph, seed);
  });

/** Names of the float inputs that a value depends on. */
function behind(graph: Graph, value: Value): string[] {
  const needed = new Set([value.id]);
  for (const { inputs, outputs } of [...graph.nodes].reverse())
    if (outputs.some(({ id }) => needed.has(id))) for (const { id } of inputs) needed.add(id);
  return [...graph.inputs].flatMap(([name, { id, type }]) => (needed.has(id) && type === "float" ? [name] : []));
}
