/** @file Builds a graph node by node; shapes are checked as it grows. Knows nothing of models or derivatives. */
import { ShapeError } from "../foundation/errors.js";
import type { ElementType, Graph, Node, Value } from "./graph.js";
import type {
  AttentionAttributes,
  Primitive,
  PrimitiveAttributes,
  RotaryAttributes,
  WeightLayout,
} from "./primitive.js";
import { outputTypes } from "./shape-rules.js";

export class GraphBuilder {
  private readonly inputs = new Map<string, Value>();
  private readonly outputs = new Map<string, Value>();
  private readonly nodes: Node[] = [];
  private nextId = 0;

  /** Continues a finished graph: its values keep their ids. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder();
    for (const [name, value] of graph.inputs) builder.inputs.set(name, value);
    for (const [name, value] of graph.outputs) builder.outputs.set(name, value);
    builder.nodes.push(...graph.nodes);
    const values = [...graph.inputs.values(), ...graph.nodes.flatMap((node) => node.outputs)];
    builder.nextId = values.reduce((next, value) => Math.max(next, value.id + 1), 0);
    return builder;
  }

  input(name: string, shape: readonly number[], type: ElementType = "float"): Value {
    if (this.inputs.has(name)) throw new ShapeError(`The graph has an input '${name}' already.`);
    const value = { id: this.nextId++, shape: [...shape], type };
    this.inputs.set(name, value);
    return value;
  }

  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new ShapeError(`The graph has an output '${name}' already.`);
    this.outputs.set(name, value);
  }

  apply<P extends Primitive>(
    primitive: P,
    attributes: PrimitiveAttributes[P],
    inputs: readonly Value[],
  ): readonly Value[] {
    const outputs = outputTypes(primitive, attributes, inputs).map((type) => ({ id: this.nextId++, ...type }));
    this.nodes.push({ primitive, attributes, inputs: [...inputs], outputs } as Node);
    return outputs;
  }

  linear(x: Value, weight: Value, bias: Value | null, layout: WeightLayout): Value {
    return this.apply("linear", { layout }, bias ? [x, weight, bias] : [x, weight])[0];
  }

  gatherRows(table: Value, rows: Value): Value {
    return this.apply("gatherRows", {}, [table, rows])[0];
  }

  layerNorm(x: Value, scale: Value, shift: Value, epsilon: number): Value {
    return this.apply("layerNorm", { epsilon }, [x, scale, shift])[0];
  }

  rmsNorm(x: Value, scale: Value, epsilon: number): Value {
    return this.apply("rmsNorm", { epsilon }, [x, scale])[0];
  }

  gelu(x: Value, approximation: "tanh" | "none"): Value {
    return this.apply("gelu", { approximation }, [x])[0];
  }

  silu(x: Value): Value {
    return this.apply("silu", {}, [x])[0];
  }

  rotary(x: Value, positions: Value, attributes: Omit<RotaryAttributes, "inverse">): Value {
    return this.apply("rotary", { ...attributes, inverse: false }, [x, positions])[0];
  }

  causalAttention(q: Value, k: Value, v: Value, segments: Value | null, attributes: AttentionAttributes): Value {
    return this.apply("causalAttention", attributes, segments ? [q, k, v, segments] : [q, k, v])[0];
  }

  splitColumns(x: Value, sizes: readonly number[]): readonly Value[] {
    return this.apply("splitColumns", { sizes }, [x]);
  }

  reshape(x: Value, rows: number, columns: number): Value {
    return this.apply("reshape", { rows, columns }, [x])[0];
  }

  add(x: Value, y: Value): Value {
    return this.apply("add", {}, [x, y])[0];
  }

  multiply(x: Value, y: Value): Value {
    return this.apply("multiply", {}, [x, y])[0];
  }

  scale(x: Value, factor: number): Value {
    return this.apply("scale", { factor }, [x])[0];
  }

  linearCrossEntropy(x: Value, weight: Value, targets: Value, weights: Value, layout: WeightLayout): readonly Value[] {
    return this.apply("linearCrossEntropy", { layout }, [x, weight, targets, weights]);
  }

  build(): Graph {
    return { inputs: new Map(this.inputs), nodes: [...this.nodes], outputs: new Map(this.outputs) };
  }
}
