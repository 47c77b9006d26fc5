/** @file Runs a graph once, with arrays made for it. */
import type { Backend, Buffer, Buffers, FloatArray } from "../src/engine/backend.js";
import { elementCount, type Graph } from "../src/graph/graph.js";

/** The floating-point type that a backend is bound to. */
export type Precision = "float32" | "float64";

/** Zeros, or a copy of `values` rounded to the precision. */
export function floats(precision: Precision, values: number | ArrayLike<number>): FloatArray {
  if (typeof values === "number") return precision === "float32" ? new Float32Array(values) : new Float64Array(values);
  return precision === "float32" ? Float32Array.from(values) : Float64Array.from(values);
}

export function inPrecision(precision: Precision, buffers: Buffers): Map<string, Buffer> {
  return new Map(
    [...buffers].map(([name, buffer]) => [name, buffer instanceof Int32Array ? buffer : floats(precision, buffer)]),
  );
}

/** Arrays for the named outputs, NaN throughout, so that what is not written shows. */
export function outputBuffers(
  graph: Graph,
  precision: Precision,
  names: Iterable<string> = graph.outputs.keys(),
): Map<string, FloatArray> {
  return new Map(
    [...names].map((name) => [name, floats(precision, elementCount(graph.outputs.get(name)!.shape)).fill(Number.NaN)]),
  );
}

/** @returns the named outputs (all, by default) by name. */
export async function runGraph(
  backend: Backend,
  graph: Graph,
  inputs: Buffers,
  { precision = "float64", outputs }: { precision?: Precision; outputs?: readonly string[] } = {},
): Promise<Map<string, FloatArray>> {
  const program = await backend.compile(graph);
  try {
    const results = outputBuffers(graph, precision, outputs);
    await program.bind(inPrecision(precision, inputs), results).run();
    return results;
  } finally {
    await program.dispose();
  }
}
