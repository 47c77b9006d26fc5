/** @file A 2-D weight, dense or as two thin factors, and the products with it. Knows nothing of architectures. */
import type { Value } from "../graph/graph.js";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { WeightLayout } from "../graph/primitive.js";
import type { ParameterSpec } from "./language-model.js";

/** Rank of each factored weight, by parameter name; all others are dense. */
export type FactoredRanks = ReadonlyMap<string, number>;

/** Names of the two factors of a weight of shape [a, b]: left [a, k] and right [k, b]. */
export function factorNames(name: string): { readonly left: string; readonly right: string } {
  return { left: `${name}:left`, right: `${name}:right` };
}

/** The parameters that a weight of a shape has: itself, or its factors. */
export function weightParameters(name: string, shape: readonly number[], ranks: FactoredRanks): ParameterSpec[] {
  const rank = ranks.get(name);
  if (rank === undefined) return [{ name, shape }];
  const { left, right } = factorNames(name);
  return [
    { name: left, shape: [shape[0], rank] },
    { name: right, shape: [rank, shape[1]] },
  ];
}

export type Weight =
  | { readonly kind: "dense"; readonly value: Value }
  | { readonly kind: "factored"; readonly left: Value; readonly right: Value };

export function weightFrom(parameters: ReadonlyMap<string, Value>, name: string): Weight {
  const value = parameters.get(name);
  if (value) return { kind: "dense", value };
  const { left, right } = factorNames(name);
  return { kind: "factored", left: parameters.get(left)!, right: parameters.get(right)! };
}

/** x W + b, a factored W as two thin products. */
export function applyLinear(
  builder: GraphBuilder,
  x: Value,
  weight: Weight,
  bias: Value | null,
  layout: WeightLayout,
): Value {
  if (weight.kind === "dense") return builder.linear(x, weight.value, bias, layout);
  const [first, second] = layout === "inputOutput" ? [weight.left, weight.right] : [weight.right, weight.left];
  return builder.linear(builder.linear(x, first, null, layout), second, bias, layout);
}

/** Rows of a table [count, n]. */
export function lookUp(builder: GraphBuilder, table: Weight, rows: Value): Value {
  if (table.kind === "dense") return builder.gatherRows(table.value, rows);
  return builder.linear(builder.gatherRows(table.left, rows), table.right, null, "inputOutput");
}

/** A head stored as [vocabulary, n], split into what comes before the last product and the last product's weight. */
export function headOf(
  builder: GraphBuilder,
  weight: Weight,
): { beforeHead: (hidden: Value) => Value; head: Value; headLayout: WeightLayout } {
  const headLayout = "outputInput";
  if (weight.kind === "dense") return { beforeHead: (hidden) => hidden, head: weight.value, headLayout };
  return {
    beforeHead: (hidden) => builder.linear(hidden, weight.right, null, headLayout),
    head: weight.left,
    headLayout,
  };
}
