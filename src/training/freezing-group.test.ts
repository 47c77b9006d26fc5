import { describe, expect, it } from "vitest";
import { architectureFolder } from "../../test/architecture-fixture.js";
import { tinyGpt2 } from "../../test/gpt2-fixture.js";
import { gpt2 } from "../model/gpt2.js";
import { type LanguageModel, parameterCount } from "../model/language-model.js";
import { openBaseModel } from "./base-model.js";
import { blockMatrices, frozenPrefix, leadingGroups } from "./freezing-group.js";

const fixture = (name: string) => openBaseModel(architectureFolder(name)).build();
const cases: Readonly<
  Record<string, readonly [model: LanguageModel, embeddings: readonly string[], rest: readonly string[]]>
> = {
  "GPT-2, tied": [gpt2(tinyGpt2().config), ["wte.weight", "wpe.weight"], ["ln_f.weight", "ln_f.bias"]],
  "Llama, tied": [fixture("llama"), ["embed_tokens.weight"], ["norm.weight"]],
  "GPT-NeoX, a head of its own": [
    fixture("gpt-neox"),
    ["embed_in.weight"],
    ["final_layer_norm.weight", "final_layer_norm.bias", "embed_out.weight"],
  ],
};

describe.each(Object.entries(cases))("the groups of %s", (_, [model, embeddings, rest]) => {
  const groups = leadingGroups(model.parameters);

  it("are embeddings and blocks, which hold every parameter but those after the last block once", () => {
    expect(groups[0]).toMatchObject({ key: "embeddings", names: embeddings });
    expect(groups.slice(1).map(({ key }) => key)).toEqual(groups.slice(1).map((__, n) => `block ${n}`));
    const held = groups.flatMap(({ names }) => names);
    expect(new Set(held).size).toBe(held.length);
    const left = model.parameters.filter(({ name }) => !held.includes(name));
    expect(left.map(({ name }) => name)).toEqual(rest);
    expect(groups.reduce((sum, { size }) => sum + size, 0)).toBe(
      parameterCount(model.parameters) - parameterCount(left),
    );
  });

  it("count as a prefix as far as they are frozen whole", () => {
    const upTo = (end: number) => groups.slice(0, end).flatMap(({ names }) => names);
    expect(frozenPrefix(groups, new Set())).toBe(0);
    expect(frozenPrefix(groups, new Set(upTo(2)))).toBe(2);
    expect(frozenPrefix(groups, new Set(upTo(2).slice(0, -1)))).toBe(1);
    expect(frozenPrefix(groups, new Set(upTo(groups.length).slice(1)))).toBe(0);
    expect(frozenPrefix(groups, new Set(upTo(groups.length)))).toBe(groups.length);
  });

  it("have matrices, all of them in blocks", () => {
    const matrices = blockMatrices(model.parameters);
    const perBlock = matrices.length / (groups.length - 1);
    expect([4, 7]).toContain(perBlock);
    for (const { key, names } of matrices) {
      expect(names).toEqual([key]);
      expect([...embeddings, ...rest]).not.toContain(key);
    }
  });
});
