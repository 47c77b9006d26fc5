/** @file What every backend of a graph promises. Knows none of them. */
import { ShapeError } from "../foundation/errors.js";
import { elementCount, type Graph, type Value } from "../graph/graph.js";

export type FloatArray = Float32Array | Float64Array;
export type Buffer = FloatArray | Int32Array;
export type Buffers = ReadonlyMap<string, Buffer>;

/** Runs graphs. Implementations pass the suite in `backend.contract.ts`. */
export interface Backend {
  /** For people: "onnxruntime 1.30 on cpu, 2 threads". */
  readonly description: string;
  /** The optimizer's loops on the backend's own threads, where it has them. */
  readonly optimizer?: OptimizerLoops;
  compile(graph: Graph): Promise<Program>;
}

export interface OptimizerArrays {
  readonly weights: Float32Array;
  readonly gradients: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
}

/** Loops over long vectors; nothing else may run meanwhile. */
export interface OptimizerLoops {
  /** In float64. */
  sumOfSquares(values: Float32Array): number;
  /**
   * In place: g *= gradientScale; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w = decay w - stepSize m / (sqrt(v) correction + epsilon).
   * @param scalars beta1, 1 - beta1, beta2, 1 - beta2, decay, stepSize, correction, epsilon, gradientScale
   */
  adamw(arrays: OptimizerArrays, scalars: Float64Array): void;
}

/** A compiled graph; holds native resources until disposed of. */
export interface Program {
  readonly graph: Graph;
  /**
   * Ties every input, and those outputs that are wanted, to typed arrays. Inputs are read where they lie at every run and outputs
   * are written in place: nothing is copied on the caller's side. @throws ShapeError where names, types or lengths do not fit.
   */
  bind(inputs: Buffers, outputs: Buffers): Binding;
  dispose(): Promise<void>;
}

export interface Binding {
  /** Computes the bound outputs from what the bound inputs hold now. */
  run(): Promise<void>;
}

/** The checks that every backend owes its caller. @throws ShapeError */
export function checkBinding(graph: Graph, inputs: Buffers, outputs: Buffers): void {
  for (const name of graph.inputs.keys())
    if (!inputs.has(name)) throw new ShapeError(`bind: input '${name}' is not bound.`);
  if (outputs.size === 0) throw new ShapeError("bind: no output is bound; nothing would be computed.");
  check("input", graph.inputs, inputs);
  check("output", graph.outputs, outputs);
}

function check(kind: string, values: ReadonlyMap<string, Value>, buffers: Buffers): void {
  for (const [name, buffer] of buffers) {
    const value = values.get(name);
    if (!value) throw new ShapeError(`bind: the graph has no ${kind} '${name}'.`);
    const size = elementCount(value.shape);
    if (buffer.length !== size)
      throw new ShapeError(`bind: ${kind} '${name}' has ${buffer.length} elements, the graph wants ${size}.`);
    if (buffer instanceof Int32Array !== (value.type === "int"))
      throw new ShapeError(`bind: ${kind} '${name}' is ${buffer.constructor.name}, the graph wants ${value.type}.`);
  }
}
