/** @file What every architecture gives: its parameters, and its forward pass as graph nodes. Knows no architecture. */
import type { Value } from "../graph/graph.js";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { WeightLayout } from "../graph/primitive.js";

export interface ParameterSpec {
  /** Name of the tensor in a checkpoint, without a wrapper prefix: `h.4.attn.c_proj.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
}

/** Sequences of one length, padded or packed. */
export interface SequenceShape {
  readonly rows: number;
  readonly length: number;
}

export interface SequenceInputs {
  /** int [rows * length] */
  readonly tokens: Value;
  /** int [rows * length], counted within each packed example. */
  readonly positions: Value;
  /** int [rows * length]: attention stays within equal numbers; null where every row is one sequence. */
  readonly segments: Value | null;
}

export interface ForwardPass {
  /** float [rows * length, width], after the final norm. */
  readonly hidden: Value;
  /** Turns rows of `hidden` into what `head` multiplies: the identity, or the thin half of a factored head. */
  readonly beforeHead: (hidden: Value) => Value;
  /** float, [vocabulary, n] or [n, vocabulary] */
  readonly head: Value;
  readonly headLayout: WeightLayout;
}

export interface LanguageModel {
  readonly architecture: string;
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** In the order of the checkpoint; factored weights appear as their two factors. */
  readonly parameters: readonly ParameterSpec[];
  /** @param parameters the graph input of each parameter, by name. */
  forward(
    builder: GraphBuilder,
    parameters: ReadonlyMap<string, Value>,
    inputs: SequenceInputs,
    shape: SequenceShape,
  ): ForwardPass;
}

export function parameterCount(parameters: readonly ParameterSpec[]): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}
