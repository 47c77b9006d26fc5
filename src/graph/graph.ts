/** @file A static dataflow graph: values, nodes, named inputs and outputs. Knows nothing of how it is built or run. */
import type { Primitive, PrimitiveAttributes } from "./primitive.js";

/** `float`: the backend's working precision (float32, or float64 in the reference). `int`: 32-bit indices. */
export type ElementType = "float" | "int";

export interface Value {
  /** Unique within the graph and every graph derived from it. */
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ElementType;
}

export type Node = { [P in Primitive]: NodeOf<P> }[Primitive];

export interface NodeOf<P extends Primitive> {
  readonly primitive: P;
  readonly attributes: PrimitiveAttributes[P];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface Graph {
  readonly inputs: ReadonlyMap<string, Value>;
  /** In an order in which every value is defined before it is used. */
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<string, Value>;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
