/** @file Builds an ONNX graph operator by operator, with shapes known throughout. Knows nothing of our primitives. */
import { ShapeError } from "../../foundation/errors.js";
import { elementCount } from "../../graph/graph.js";
import { attributeType, dataType, encodeModel, type OnnxType } from "./onnx-schema.js";

export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: OnnxType;
}

/** A number is written as a float attribute if wrapped (`{ float: 1 }`), as an integer otherwise. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: object };

interface OnnxNode {
  readonly opType: string;
  readonly domain: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly object[];
}

const opset = 20;
const microsoft = "com.microsoft";
/** Operators of onnxruntime's own domain. */
const contributed = new Set(["FusedMatMul"]);

function attribute(name: string, value: OnnxAttribute): object {
  if (typeof value === "number") return { name, type: attributeType.int, i: value };
  if (typeof value === "string") return { name, type: attributeType.string, s: new TextEncoder().encode(value) };
  if ("float" in value) return { name, type: attributeType.float, f: value.float };
  if ("tensor" in value) return { name, type: attributeType.tensor, t: value.tensor };
  return { name, type: attributeType.ints, ints: value };
}

const valueInfo = ({ name, shape, type }: OnnxValue) => ({
  name,
  type: { tensorType: { elemType: dataType[type], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
});

/** Shape of an elementwise result under NumPy's broadcasting. @throws ShapeError */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new ShapeError(`broadcast: [${a.join(", ")}] and [${b.join(", ")}]`);
    return Math.max(x, y);
  });
}

export class OnnxGraph {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers: object[] = [];
  private readonly inputs: OnnxValue[] = [];
  private readonly outputs: OnnxValue[] = [];
  private readonly constants = new Map<string, OnnxValue>();
  private readonly constantNames = new Set<string>();
  private readonly outsideNames = new Map<string, string>();
  private counter = 0;

  input(name: string, shape: readonly number[], type: OnnxType): OnnxValue {
    const value = { name, shape, type };
    this.inputs.push(value);
    return value;
  }

  /** Gives a value its outside name. A value that cannot take one (an input, a constant, another output) is copied. */
  output(name: string, value: OnnxValue): void {
    const taken =
      this.outsideNames.has(value.name) ||
      this.inputs.some((input) => input.name === value.name) ||
      this.constantNames.has(value.name);
    const source = taken ? this.unary("Identity", value) : value;
    this.outsideNames.set(source.name, name);
    this.outputs.push({ ...value, name });
  }

  op(
    opType: string,
    inputs: readonly (OnnxValue | null)[],
    shape: readonly number[],
    attributes: Record<string, OnnxAttribute> = {},
    type?: OnnxType,
  ): OnnxValue {
    return this.ops(opType, inputs, [shape], attributes, type)[0]!;
  }

  /** An operator of several outputs; a null shape leaves that output out. */
  ops(
    opType: string,
    inputs: readonly (OnnxValue | null)[],
    shapes: readonly (readonly number[] | null)[],
    attributes: Record<string, OnnxAttribute> = {},
    type: OnnxType = inputs[0]?.type ?? "float",
  ): (OnnxValue | null)[] {
    const outputs = shapes.map((shape) => (shape ? { name: `#${this.counter++}`, shape, type } : null));
    this.nodes.push(this.node(opType, inputs, outputs, attributes));
    return outputs;
  }

  private node(
    opType: string,
    inputs: readonly (OnnxValue | null)[],
    outputs: readonly (OnnxValue | null)[],
    attributes: Record<string, OnnxAttribute>,
  ): OnnxNode {
    return {
      opType,
      domain: contributed.has(opType) ? microsoft : "",
      name: `${opType}${this.nodes.length}`,
      input: inputs.map((value) => value?.name ?? ""),
      output: outputs.map((value) => value?.name ?? ""),
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    };
  }

  /** A constant of the given shape; equal small ones are one. */
  constant(
    values: readonly number[] | Float32Array,
    shape: readonly number[],
    type: "float" | "int" | "int64" = "float",
  ): OnnxValue {
    const key = values.length <= 64 ? `${type}|${shape.join()}|${Array.from(values).join()}` : `large ${this.counter}`;
    const known = this.constants.get(key);
    if (known) return known;
    const array =
      type === "int64"
        ? BigInt64Array.from(Array.from(values, BigInt))
        : type === "int"
          ? Int32Array.from(values)
          : Float32Array.from(values);
    const value: OnnxValue = { name: `#${this.counter++}`, shape, type };
    this.initializers.push({
      name: value.name,
      dims: shape,
      dataType: dataType[type],
      rawData: new Uint8Array(array.buffer),
    });
    this.constants.set(key, value);
    this.constantNames.add(value.name);
    return value;
  }

  scalar(value: number): OnnxValue {
    return this.constant([value], []);
  }

  ones(shape: readonly number[]): OnnxValue {
    return this.fill(shape, 1);
  }

  /** Made at run time, so that a large one does not travel in the model. */
  fill(shape: readonly number[], value: number): OnnxValue {
    if (elementCount(shape) <= 4096) return this.constant(new Float32Array(elementCount(shape)).fill(value), shape);
    const key = `fill|${shape.join()}|${value}`;
    const known = this.constants.get(key);
    if (known) return known;
    const tensor = { dims: [1], dataType: dataType.float, rawData: new Uint8Array(Float32Array.of(value).buffer) };
    const filled = this.op(
      "ConstantOfShape",
      [this.constant(shape, [shape.length], "int64")],
      shape,
      { value: { tensor } },
      "float",
    );
    this.constants.set(key, filled);
    return filled;
  }

  /** An operator on two operands under broadcasting. */
  binary(opType: string, a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.op(opType, [a, b], broadcast(a.shape, b.shape));
  }

  unary(opType: string, a: OnnxValue): OnnxValue {
    return this.op(opType, [a], a.shape);
  }

  reshape(a: OnnxValue, shape: readonly number[]): OnnxValue {
    return this.op("Reshape", [a, this.constant(shape, [shape.length], "int64")], shape);
  }

  transpose(a: OnnxValue, axes: readonly number[]): OnnxValue {
    return this.op(
      "Transpose",
      [a],
      axes.map((axis) => a.shape[axis]),
      { perm: axes },
    );
  }

  slice(a: OnnxValue, axis: number, begin: number, end: number): OnnxValue {
    if (begin === 0 && end === a.shape[axis]) return a;
    const bound = (value: number) => this.constant([value], [1], "int64");
    return this.op("Slice", [a, bound(begin), bound(end), bound(axis)], a.shape.with(axis, end - begin));
  }

  concat(parts: readonly OnnxValue[], axis: number): OnnxValue {
    if (parts.length === 1) return parts[0];
    const size = parts.reduce((sum, part) => sum + part.shape[axis], 0);
    return this.op("Concat", parts, parts[0].shape.with(axis, size), { axis });
  }

  reduce(opType: "ReduceSum" | "ReduceMean", a: OnnxValue, axis: number): OnnxValue {
    return this.op(opType, [a, this.constant([axis], [1], "int64")], a.shape.with(axis, 1), { keepdims: 1 });
  }

  gemm(a: OnnxValue, b: OnnxValue, transposed: { a?: boolean; b?: boolean } = {}): OnnxValue {
    const rows = a.shape[transposed.a ? 1 : 0];
    const columns = b.shape[transposed.b ? 0 : 1];
    return this.op("Gemm", [a, b], [rows, columns], {
      transA: Number(transposed.a ?? false),
      transB: Number(transposed.b ?? false),
    });
  }

  /** Batched product over the last two axes, scaled. */
  matmul(a: OnnxValue, b: OnnxValue, options: { transA?: boolean; transB?: boolean; alpha?: number } = {}): OnnxValue {
    const { transA = false, transB = false, alpha = 1 } = options;
    const shape = [...a.shape.slice(0, -2), a.shape.at(transA ? -1 : -2)!, b.shape.at(transB ? -2 : -1)!];
    if (!transA && !transB && alpha === 1) return this.op("MatMul", [a, b], shape);
    return this.op("FusedMatMul", [a, b], shape, {
      transA: Number(transA),
      transB: Number(transB),
      alpha: { float: alpha },
    });
  }

  /** The model's bytes, without what no output needs. */
  encode(): Uint8Array {
    const outside = (name: string) => this.outsideNames.get(name) ?? name;
    const needed = new Set(this.outputs.map((value) => value.name));
    const node = this.nodes
      .map((inner) => ({ ...inner, input: inner.input.map(outside), output: inner.output.map(outside) }))
      .reverse()
      .filter(({ input, output }) => {
        if (!output.some((name) => name !== "" && needed.has(name))) return false;
        for (const name of input) needed.add(name);
        return true;
      })
      .reverse();
    return encodeModel({
      irVersion: 10,
      producerName: "deadweight",
      opsetImport: [
        { domain: "", version: opset },
        { domain: microsoft, version: 1 },
      ],
      graph: {
        name: "deadweight",
        node,
        initializer: this.initializers.filter((tensor) => needed.has((tensor as { name: string }).name)),
        input: this.inputs.map(valueInfo),
        output: this.outputs.map(valueInfo),
      },
    });
  }
}
