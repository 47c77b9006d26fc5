import { expect, test } from "vitest";
import { freezing, namedModels, requestFor } from "../../test/named-models.js";
import { trlHandover } from "./trl.js";

test("the module names every parameter once, with its shape as it is stored", () => {
  const request = requestFor(namedModels.bareGpt2, freezing(["h.0.attn.c_attn", "wte"]));
  const { content, trainableParameters } = trlHandover(request);
  const listed = [...content.matchAll(/^ {4}"([^"]+)": \(([\d, ]+)\),$/gm)].map(
    ([, name, shape]) => `${name} ${shape}`,
  );
  expect(listed).toHaveLength(request.parameters.length);
  const frozen = content.slice(content.indexOf("FROZEN = "), content.indexOf("TRAINABLE = "));
  expect(frozen).toContain('"transformer.h.0.attn.c_attn.weight": (64, 192),\n    "transformer.wte.weight": (90, 64),');
  expect(content).toContain('"transformer.ln_f.bias": (64,),');
  expect(content).toContain(`FROZEN_ELEMENTS = ${64 * 192 + 90 * 64}\nTRAINABLE_ELEMENTS = ${trainableParameters}\n`);
});

test("a head that is loaded under another name is known by both", () => {
  const { content } = trlHandover(requestFor(namedModels.gptNeox, freezing(["embed_out"])));
  expect(content).toContain('LATER_NAMES = {"lm_head.weight": "embed_out.weight"}');
});
