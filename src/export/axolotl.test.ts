import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { freezing, matrixNames, namedModels, requestFor } from "../../test/named-models.js";
import { axolotlPattern } from "../../test/trainer-rules.js";
import { InputError } from "../foundation/errors.js";
import { axolotlHandover, unfrozenPatterns } from "./axolotl.js";

describe("the matcher's rules", () => {
  test("on the examples of Axolotl's documentation", () => {
    const embedding = axolotlPattern("^model.embed_tokens.weight$[:32000]");
    expect(embedding.matches("model.embed_tokens.weight")).toBe(true);
    expect(embedding.matches("model.embed_tokens.weight2")).toBe(false);
    expect(embedding.rows).toEqual([0, 32000]);
    const gates = axolotlPattern("layers.2[0-9]+.block_sparse_moe.gate.[a-z]+$");
    expect(gates.rows).toBeNull();
    expect(gates.matches("layers.21.block_sparse_moe.gate.weight")).toBe(true);
    expect(gates.matches("layers.2.block_sparse_moe.gate.weight")).toBe(false);
    // From the start of the name.
    expect(gates.matches("model.layers.21.block_sparse_moe.gate.weight")).toBe(false);
    expect(axolotlPattern("^lm_head.weight$").matches("lm_headXweight")).toBe(false);
    expect(axolotlPattern("^model.norm.+").matches("model.norm.weight")).toBe(true);
  });

  test("a prefix matches longer names", () => {
    expect(axolotlPattern("transformer.h.1").matches("transformer.h.10.ln_1.bias")).toBe(true);
  });
});

/** What the running model's names would be frozen by the list. */
function frozenBy(patterns: readonly string[], names: readonly string[]): string[] {
  const rules = patterns.map(axolotlPattern);
  expect(rules.map(({ rows }) => rows)).toEqual(rules.map(() => null));
  return names.filter((name) => !rules.some(({ matches }) => matches(name)));
}

const listOf = (handover: { settings: Readonly<Record<string, unknown>> }) =>
  handover.settings.unfrozen_parameters as string[];

describe.each(Object.entries(namedModels))("the list for %s", (_, checkpoint) => {
  const all = matrixNames(checkpoint);

  test("freezes the plan's matrices and nothing else", () => {
    fc.assert(
      fc.property(fc.subarray(all, { minLength: 1, maxLength: all.length - 1 }), (chosen) => {
        const request = requestFor(checkpoint, freezing(chosen));
        const names = request.parameters.map(({ name }) => name);
        const expected = request.plan.matrices.map(({ matrix }) => matrix.name);
        const frozen = frozenBy(listOf(axolotlHandover(request)), names);
        const bare = frozen.map((name) => name.replace(/^(transformer|model|gpt_neox)\./, "").replace(/\.weight$/, ""));
        expect(bare.sort()).toEqual([...expected].sort());
      }),
      { numRuns: 60 },
    );
  });

  test("is short where the layers are alike", () => {
    const outputs = all.filter((name) => /(attn\.c_proj|o_proj|attention\.dense)$/.test(name));
    expect(listOf(axolotlHandover(requestFor(checkpoint, freezing(outputs)))).length).toBeLessThanOrEqual(12);
  });
});

test("layers of one and of two digits are told apart", () => {
  const parameters = Array.from({ length: 12 }, (_, layer) => ({
    name: `transformer.h.${layer}.attn.c_proj.weight`,
    frozen: layer !== 1,
  }));
  expect(unfrozenPatterns(parameters)).toEqual(["^transformer.h.1.attn.c_proj.weight$"]);
  expect(unfrozenPatterns(parameters.map(({ name, frozen }) => ({ name, frozen: !frozen })))).toEqual([
    "^transformer.h.(?:[02-9]|1[01]).attn.c_proj.weight$",
  ]);
});

test("a tied head is no entry; GPT-NeoX's goes by both of its names", () => {
  expect(listOf(axolotlHandover(requestFor(namedModels.gpt2, freezing(["h.0.mlp.c_fc"])))).join()).not.toContain(
    "lm_head",
  );
  const neox = listOf(axolotlHandover(requestFor(namedModels.gptNeox, freezing(["layers.0.mlp.dense_h_to_4h"]))));
  expect(neox).toEqual(expect.arrayContaining(["^embed_out.weight$", "^lm_head.weight$"]));
});

test("a name that an expression cannot hold is refused", () => {
  expect(() => unfrozenPatterns([{ name: "h.0.a+b.weight", frozen: false }])).toThrow(InputError);
});

test("the file is YAML that opens with what it rests on", () => {
  const evidence = { deltaPercent: 0.12, low: -0.05, high: 0.29, seeds: [1, 2, 3], margin: 0.5, confidence: 0.95 };
  const of = (confirmed: boolean) =>
    axolotlHandover(
      requestFor(namedModels.llama, freezing(["layers.3.mlp.up_proj"]), { evidence: { ...evidence, confirmed } }),
    );
  const { content } = of(true);
  expect(content).toMatch(
    /^# Axolotl: .*\n# Written by deadweight \S+ for some\/model, SHA-256 0{64}\.\n# Frozen: 1 of 156/,
  );
  expect(content).toMatch(
    /held-out loss \+0\.120% \[-0\.050, \+0\.290\].* margin 0\.5%, confidence 0\.95, 3 seeds\. Confirmed/,
  );
  expect(of(false).content).toMatch(/Not confirmed/);
  const below = content.slice(content.indexOf("base_model"));
  expect(below).toMatch(/^base_model: "some\/model"\nunfrozen_parameters:\n( {2}- '[^']+'\n)+$/);
});
