import { beforeAll, describe, expect, it } from "vitest";
import { eachPrimitiveCase } from "../../../test/primitive-cases.js";
import { drawInputs, type PrimitiveCase, primitiveGraph } from "../../../test/primitive-graph.js";
import { relativeDifference } from "../../../test/relative-difference.js";
import { inPrecision, outputBuffers, runGraph } from "../../../test/run-graph.js";
import { randomStream } from "../../foundation/random.js";
import type { Primitive } from "../../graph/primitive.js";
import type { Backend } from "../backend.js";
import { referenceBackend } from "../reference/reference-backend.js";
import { onnxBackend } from "./onnx-backend.js";

let backend: Backend;
beforeAll(async () => {
  backend = await onnxBackend({ threads: 2 });
});

async function expectReference(primitive: Primitive, primitiveCase: PrimitiveCase): Promise<void> {
  const graph = primitiveGraph(primitive, primitiveCase);
  const inputs = drawInputs(graph, primitiveCase, randomStream(3, `${primitive} ${primitiveCase.label}`));
  const expected = await runGraph(referenceBackend, graph, inputs);
  const results = await runGraph(backend, graph, inputs, { precision: "float32" });
  for (const [name, values] of expected)
    expect(relativeDifference(results.get(name)!, values), name).toBeLessThan(1e-5);
  // The backward operators alone, without what the forward ones leave for them.
  const gradients = [...graph.outputs.keys()].filter((name) => name.startsWith("gradient"));
  const alone = await runGraph(backend, graph, inputs, { precision: "float32", outputs: gradients });
  for (const [name, values] of alone)
    expect(relativeDifference(values, expected.get(name)!), `${name} alone`).toBeLessThan(1e-5);
}

describe("the ONNX lowering, against the float64 reference", () => {
  it.each(eachPrimitiveCase())("$primitive, $primitiveCase.label", ({ primitive, primitiveCase }) =>
    expectReference(primitive, primitiveCase),
  );
});

describe("sums over equal rows at two threads", () => {
  const stream = randomStream(4, "equal rows");
  // Enough work for onnxruntime to share it out, so few rows that updates collide. ScatterND in place of ScatterElements fails here
  // at two threads (most runs all three, on a busy machine some) and passes at one.
  const rows = { int: Array.from({ length: 4096 }, () => stream.integer(7)) };
  const few = { int: rows.int.slice(0, 512) };
  const cases: { primitive: Primitive; primitiveCase: PrimitiveCase }[] = [
    {
      primitive: "scatterAddRows",
      primitiveCase: { label: "4096 into 7", attributes: { count: 7 }, inputs: [rows, { float: [4096, 512] }] },
    },
    {
      primitive: "gatherRows",
      primitiveCase: { label: "4096 from 7", attributes: {}, inputs: [{ float: [7, 512] }, rows] },
    },
    {
      primitive: "linearCrossEntropy",
      primitiveCase: {
        label: "512 targets of 7 among 101",
        attributes: { layout: "outputInput" },
        inputs: [{ float: [512, 512] }, { float: [101, 512] }, few, { float: [512] }],
        differentiated: [0],
        data: [3],
      },
    },
  ];

  it.each(cases)("$primitive, $primitiveCase.label: right, and to the bit the same twenty times", async (given) => {
    const { primitive, primitiveCase } = given;
    const graph = primitiveGraph(primitive, primitiveCase);
    const inputs = drawInputs(graph, primitiveCase, randomStream(5, primitive));
    const expected = await runGraph(referenceBackend, graph, inputs);
    const program = await backend.compile(graph);
    const results = outputBuffers(graph, "float32");
    const binding = program.bind(inPrecision("float32", inputs), results);
    await binding.run();
    const first = new Map([...results].map(([name, values]) => [name, values.slice()]));
    for (const [name, values] of expected)
      expect(relativeDifference(first.get(name)!, values), name).toBeLessThan(1e-5);
    for (let run = 1; run < 20; run++) {
      await binding.run();
      for (const [name, values] of first)
        expect(Buffer.compare(new Uint8Array(results.get(name)!.buffer), new Uint8Array(values.buffer)), name).toBe(0);
    }
    await program.dispose();
  });
});
