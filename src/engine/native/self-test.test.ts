import { describe, expect, it } from "vitest";
import type { Graph, Node } from "../../graph/graph.js";
import type { Primitive } from "../../graph/primitive.js";
import type { Backend } from "../backend.js";
import { onnxBackend } from "../onnx/onnx-backend.js";
import { referenceBackend } from "../reference/reference-backend.js";
import { selfTest } from "./self-test.js";
import { selfTestGraph } from "./self-test-graph.js";

/** The reference, computing another graph than it was given. */
const computing = (change: (graph: Graph) => Graph): Backend => ({
  description: "a broken backend",
  compile: (graph) => referenceBackend.compile(change(graph)),
});

const everyNode =
  (change: (node: Node) => Node) =>
  (graph: Graph): Graph => ({ ...graph, nodes: graph.nodes.map(change) });

describe("the self-test", () => {
  it("passes the reference and onnxruntime", async () => {
    expect(await selfTest(referenceBackend)).toBeNull();
    expect(await selfTest(await onnxBackend({ threads: 1 }))).toBeNull();
  });

  it("has every primitive that training needs", () => {
    const used = new Set(selfTestGraph().graph.nodes.map(({ primitive }) => primitive));
    const missing: Primitive[] = ["linear", "linearInputGrad", "linearWeightGrad", "columnSum", "gatherRows"];
    missing.push("scatterAddRows", "layerNorm", "layerNormGrad", "rmsNorm", "rmsNormGrad", "gelu", "geluGrad", "silu");
    missing.push("siluGrad", "rotary", "causalAttention", "causalAttentionGrad", "splitColumns", "concatColumns");
    missing.push("add", "multiply", "scale", "fill", "linearCrossEntropy", "linearCrossEntropyGrad");
    expect(missing.filter((primitive) => !used.has(primitive))).toEqual([]);
  });

  it.each<[string, (node: Node) => Node]>([
    ["an epsilon", (node) => (node.primitive === "layerNormGrad" ? { ...node, attributes: { epsilon: 1e-2 } } : node)],
    [
      "an approximation",
      (node) => (node.primitive === "geluGrad" ? { ...node, attributes: { approximation: "none" } } : node),
    ],
    [
      "a frequency",
      (node) =>
        node.primitive === "rotary"
          ? { ...node, attributes: { ...node.attributes, frequencies: [1, 0.3, 0.02] } }
          : node,
    ],
    [
      "segments that are not heeded",
      (node) =>
        node.primitive === "causalAttention" && node.inputs.length === 4
          ? { ...node, inputs: node.inputs.slice(0, 3) }
          : node,
    ],
  ])("finds %s", async (_, change) => {
    expect(await selfTest(computing(everyNode(change)))).toMatch(
      /^The self-test of a broken backend failed: '.+' differs from the reference by 0\.\d+, where 0\.0001 is allowed\.$/,
    );
  });

  const patched = (patch: (output: Float32Array, run: number) => void): Backend => ({
    description: "a broken backend",
    async compile(graph) {
      const program = await referenceBackend.compile(graph);
      let runs = 0;
      return {
        ...program,
        bind(inputs, outputs) {
          const binding = program.bind(inputs, outputs);
          return {
            async run() {
              await binding.run();
              patch(outputs.get("gradient of query")! as Float32Array, runs++);
            },
          };
        },
      };
    },
  });

  it("finds a NaN", async () => {
    const backend = patched((output) => {
      output[17] = Number.NaN;
    });
    expect(await selfTest(backend)).toMatch(/'gradient of query' differs from the reference by NaN/);
  });

  it("finds what differs between two runs in the last bit", async () => {
    const backend = patched((output, run) => {
      if (run === 1) output[3] *= 1 + 2 ** -23;
    });
    expect(await selfTest(backend)).toMatch(/'gradient of query' differs from one run to the next/);
  });

  it("allows bfloat16 more, and not everything", async () => {
    const scaled = (factor: number) =>
      patched((output) => {
        for (let i = 0; i < output.length; i++) output[i] *= factor;
      });
    expect(await selfTest(scaled(1.02))).not.toBeNull();
    expect(await selfTest(scaled(1.02), "bf16")).toBeNull();
    expect(await selfTest(scaled(1.2), "bf16")).not.toBeNull();
  });

  it("tells what was thrown", async () => {
    const backend: Backend = {
      description: "one that refuses",
      compile: () => Promise.reject(new Error("Out of paper.")),
    };
    expect(await selfTest(backend)).toBe("The self-test of one that refuses failed: Out of paper.");
  });
});
