/** @file One primitive and its gradient as a graph, and numbers for its inputs. */
import type { Buffer } from "../src/engine/backend.js";
import type { RandomStream } from "../src/foundation/random.js";
import { type GradientRule, gradientRules } from "../src/graph/gradient-rules.js";
import { elementCount, type Graph } from "../src/graph/graph.js";
import { GraphBuilder } from "../src/graph/graph-builder.js";
import type { Primitive, PrimitiveAttributes } from "../src/graph/primitive.js";
import { verify } from "../src/graph/verify.js";

/** A float input is drawn at random; indices are given. */
export type CaseInput = { readonly float: readonly number[] } | { readonly int: readonly number[] };

export interface PrimitiveCase<P extends Primitive = Primitive> {
  readonly label: string;
  readonly attributes: PrimitiveAttributes[P];
  readonly inputs: readonly CaseInput[];
  /** Outputs that have a gradient; all by default. */
  readonly differentiated?: readonly number[];
  /** Float inputs that are data: there is no gradient with respect to them. */
  readonly data?: readonly number[];
}

const isInt = (input: CaseInput): input is { readonly int: readonly number[] } => "int" in input;

/**
 * Inputs `input i` and `upstream i`; outputs `output i` and `gradient i`, the gradient of the sum of outputs * upstreams with
 * respect to each float input that is not data, where the primitive has a derivative.
 */
export function primitiveGraph<P extends Primitive>(primitive: P, primitiveCase: PrimitiveCase<P>): Graph {
  const { attributes, differentiated, data = [] } = primitiveCase;
  const builder = new GraphBuilder();
  const inputs = primitiveCase.inputs.map((input, index) =>
    isInt(input)
      ? builder.input(`input ${index}`, [input.int.length], "int")
      : builder.input(`input ${index}`, input.float),
  );
  const outputs = builder.apply(primitive, attributes, inputs);
  outputs.forEach((output, index) => {
    builder.output(`output ${index}`, output);
  });
  const rule = gradientRules[primitive] as GradientRule<P> | string;
  if (typeof rule !== "string") {
    const gradients = outputs.map((output, index) =>
      (differentiated?.includes(index) ?? true) ? builder.input(`upstream ${index}`, output.shape) : null,
    );
    const needed = inputs.map((input, index) => input.type === "float" && !data.includes(index));
    rule({ builder, attributes, inputs, outputs, gradients, needed }).forEach((gradient, index) => {
      if (gradient && needed[index]) builder.output(`gradient ${index}`, gradient);
    });
  }
  return verify(builder.build());
}

/** Normally distributed floats, rounded to float32 so that every backend sees the same numbers; the indices as given. */
export function drawInputs(graph: Graph, { inputs }: PrimitiveCase, stream: RandomStream): Map<string, Buffer> {
  const buffers = new Map<string, Buffer>();
  for (const [name, value] of graph.inputs)
    if (value.type === "float")
      buffers.set(
        name,
        Float64Array.from({ length: elementCount(value.shape) }, () => Math.fround(stream.normal())),
      );
  inputs.forEach((input, index) => {
    if (isInt(input)) buffers.set(`input ${index}`, Int32Array.from(input.int));
  });
  return buffers;
}
