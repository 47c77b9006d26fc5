import { describe, expect, it } from "vitest";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { ShapeError } from "../foundation/errors.js";
import { gpt2 } from "../model/gpt2.js";
import { lossGraph } from "../model/model-graph.js";
import { cutAt } from "./cut.js";

const model = gpt2(
  parseGpt2Config({ model_type: "gpt2", n_layer: 3, n_embd: 6, n_head: 2, vocab_size: 13, n_positions: 8 }),
);
const shape = { rows: 2, length: 7, slots: 9, packed: true };
const graph = lossGraph(model, shape);
const attentions = (nodes: readonly { readonly primitive: string }[]) =>
  nodes.filter(({ primitive }) => primitive === "causalAttention").length;

describe("a cut", () => {
  it.each([
    ["h.2.attn.c_proj.weight", 3, 0],
    ["h.1.attn.c_attn.weight", 1, 2],
    ["h.0.mlp.c_fc.weight", 1, 2],
    ["wte.weight", 0, 3],
  ])("at %s computes what lies below once, and the same losses", async (name, below, above) => {
    const { before, after, boundary } = cutAt(graph, new Set([name]));
    expect([attentions(before.nodes), attentions(after.nodes)]).toEqual([below, above]);
    expect(before.inputs.has(name)).toBe(false);
    const inputs = modelInputs(drawWeights(model, 1), drawBatch(model, shape, 2));
    const of = (names: Iterable<string>) => new Map([...names].map((key) => [key, inputs.get(key)!]));
    const known = boundary.filter((value) => value.startsWith("cut "));
    const values = known.length === 0 ? new Map() : await runGraph(referenceBackend, before, of(before.inputs.keys()));
    const rest = [...after.inputs.keys()].filter((key) => !boundary.includes(key));
    const cut = await runGraph(referenceBackend, after, new Map([...of(rest), ...values]));
    const whole = await runGraph(referenceBackend, graph, inputs);
    expect(cut.get("tokenLosses")).toEqual(whole.get("tokenLosses"));
  });

  it("leaves nothing to be computed again where nothing changes", () => {
    const { before, after } = cutAt(graph, new Set());
    expect(after.nodes).toHaveLength(0);
    expect(before.nodes).toHaveLength(graph.nodes.length);
  });

  it("is refused for a name that is no input", () => {
    expect(() => cutAt(graph, new Set(["h.9.attn.c_proj.weight"]))).toThrow(ShapeError);
  });
});
