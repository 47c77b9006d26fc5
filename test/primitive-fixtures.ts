/** @file The primitives' inputs, outputs and gradients as PyTorch computes them in float64, each with its graph. */
import { readFileSync } from "node:fs";
import type { Buffer } from "../src/engine/backend.js";
import type { Graph } from "../src/graph/graph.js";
import type { Primitive, PrimitiveAttributes } from "../src/graph/primitive.js";
import { primitiveGraph } from "./primitive-graph.js";

interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype: "float64" | "int32";
}

/** As `make_primitives.py` writes them; inputs and outputs are in the order of the primitive's. */
interface SavedCase {
  readonly name: string;
  readonly primitive: Primitive;
  readonly attributes: PrimitiveAttributes[Primitive];
  readonly inputs: Readonly<Record<string, SavedTensor>>;
  readonly outputs: Readonly<Record<string, SavedTensor>>;
  readonly upstream: Readonly<Record<string, SavedTensor>>;
  readonly gradients: Readonly<Record<string, SavedTensor>>;
}

export interface PrimitiveFixture {
  readonly name: string;
  readonly graph: Graph;
  readonly inputs: ReadonlyMap<string, Buffer>;
  /** Every output of the graph. */
  readonly expected: ReadonlyMap<string, readonly number[]>;
}

/** PyTorch gives a gradient of these too; here they are data. */
const isData = (primitive: Primitive, input: string): boolean =>
  primitive === "linearCrossEntropy" && input === "weights";

function fixture({ name, primitive, attributes, ...saved }: SavedCase): PrimitiveFixture {
  const inputNames = Object.keys(saved.inputs);
  const outputNames = Object.keys(saved.outputs);
  const graph = primitiveGraph(primitive, {
    label: name,
    attributes,
    inputs: Object.values(saved.inputs).map(({ dtype, shape, data }) =>
      dtype === "int32" ? { int: data } : { float: shape },
    ),
    differentiated: Object.keys(saved.upstream).map((output) => outputNames.indexOf(output)),
    data: inputNames.flatMap((input, index) => (isData(primitive, input) ? [index] : [])),
  });
  const inputs = new Map<string, Buffer>();
  const expected = new Map<string, readonly number[]>();
  inputNames.forEach((input, index) => {
    const { dtype, data } = saved.inputs[input];
    inputs.set(`input ${index}`, dtype === "int32" ? Int32Array.from(data) : Float64Array.from(data));
    const gradient = saved.gradients[input];
    if (gradient && !isData(primitive, input)) expected.set(`gradient ${index}`, gradient.data);
  });
  outputNames.forEach((output, index) => {
    expected.set(`output ${index}`, saved.outputs[output].data);
    const upstream = saved.upstream[output];
    if (upstream) inputs.set(`upstream ${index}`, Float64Array.from(upstream.data));
  });
  return { name, graph, inputs, expected };
}

export function primitiveFixtures(): PrimitiveFixture[] {
  const path = new URL("fixtures/primitives/primitives.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as SavedCase[]).map(fixture);
}
