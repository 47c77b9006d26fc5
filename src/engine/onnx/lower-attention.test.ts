import { beforeAll, describe, expect, it } from "vitest";
import { attentionCase } from "../../../test/primitive-cases.js";
import { drawInputs, primitiveGraph } from "../../../test/primitive-graph.js";
import { relativeDifference } from "../../../test/relative-difference.js";
import { runGraph } from "../../../test/run-graph.js";
import { randomStream } from "../../foundation/random.js";
import type { Backend } from "../backend.js";
import { referenceBackend } from "../reference/reference-backend.js";
import { onnxBackend } from "./onnx-backend.js";

let backend: Backend;
beforeAll(async () => {
  backend = await onnxBackend({ threads: 2 });
});

/** Segments of 1, 2, 3, ... positions, so that they straddle the blocks' bounds. */
function growingSegments(positions: number): number[] {
  return Array.from({ length: positions }, (_, i) => Math.floor((Math.sqrt(8 * i + 1) - 1) / 2));
}

// The lowering takes queries in one block below 256 positions, in two below 512, in four from there on; 257, 515 and 521 divide
// into none of them.
describe.each([255, 256, 257, 512, 515, 521])("causal attention over %i positions", (length) => {
  it.each([false, true])("is the reference's, forward and backward (segments: %s)", async (segmented) => {
    const shape = { rows: 1, length, heads: 2, keyValueHeads: 1 };
    const primitiveCase = attentionCase(shape, 2, segmented ? growingSegments(length) : null);
    const graph = primitiveGraph("causalAttention", primitiveCase);
    const inputs = drawInputs(graph, primitiveCase, randomStream(6, `attention ${length}`));
    const expected = await runGraph(referenceBackend, graph, inputs);
    const results = await runGraph(backend, graph, inputs, { precision: "float32" });
    expect([...expected.keys()]).toEqual(["output 0", "gradient 0", "gradient 1", "gradient 2"]);
    for (const [name, values] of expected)
      expect(relativeDifference(results.get(name)!, values), name).toBeLessThan(1e-5);
  });
});

it("keeps several rows of several blocks apart", async () => {
  const primitiveCase = attentionCase({ rows: 3, length: 259, heads: 2, keyValueHeads: 2 }, 3);
  const graph = primitiveGraph("causalAttention", primitiveCase);
  const inputs = drawInputs(graph, primitiveCase, randomStream(7, "rows"));
  const expected = await runGraph(referenceBackend, graph, inputs);
  const results = await runGraph(backend, graph, inputs, { precision: "float32" });
  for (const [name, values] of expected)
    expect(relativeDifference(results.get(name)!, values), name).toBeLessThan(1e-5);
});
