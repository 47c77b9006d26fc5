import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { freezing, matrixNames, namedModels, requestFor } from "../../test/named-models.js";
import { type AdapterTargets, peftTargets } from "../../test/trainer-rules.js";
import type { HandoverRequest } from "./handover.js";
import { peftHandover } from "./peft.js";

const targetsSchema = z.object({
  target_modules: z.union([z.string(), z.array(z.string())]),
  layers_to_transform: z.array(z.number()).optional(),
  layers_pattern: z.string().optional(),
});

const inLayer = (name: string) => /\.\d+\./.test(name);

/** The settings that choose modules. */
function targetsOf(request: HandoverRequest): AdapterTargets {
  const { target_modules, layers_to_transform, layers_pattern } = peftHandover(request).settings;
  return targetsSchema.parse({ target_modules, layers_to_transform, layers_pattern });
}

describe.each(Object.entries(namedModels))("the targets for %s", (_, checkpoint) => {
  const all = matrixNames(checkpoint);

  test("are the matrices of the layers that the plan leaves free", () => {
    const plans = fc.oneof(
      fc.subarray(all, { minLength: 1, maxLength: all.length - 1 }),
      // Whole layers and whole roles, which a list with layers can name.
      fc
        .subarray([...Array(12).keys()], { minLength: 1, maxLength: 11 })
        .map((layers) => all.filter((name) => layers.some((layer) => name.includes(`.${layer}.`)))),
    );
    fc.assert(
      fc.property(plans, (chosen) => {
        fc.pre(all.some((name) => inLayer(name) && !chosen.includes(name)));
        const request = requestFor(checkpoint, freezing(chosen));
        const targets = peftTargets(targetsOf(request));
        const modules = request.parameters
          .filter(({ matrix }) => matrix !== null)
          .map(({ name, frozen }) => ({ name: name.replace(/\.weight$/, ""), frozen }));
        const expected = modules.filter(({ name, frozen }) => !frozen && inLayer(name)).map(({ name }) => name);
        expect(modules.map(({ name }) => name).filter(targets)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

test("roles and layers are named where they tell it all", () => {
  const { gpt2 } = namedModels;
  const attention = matrixNames(gpt2).filter((name) => name.includes(".attn."));
  expect(peftHandover(requestFor(gpt2, freezing(attention))).settings).toMatchObject({
    ...{ target_modules: ["mlp.c_fc", "mlp.c_proj"], fan_in_fan_out: true, bias: "none" },
  });
  const first = matrixNames(gpt2).filter((name) => /^h\.[0-9]\./.test(name));
  expect(peftHandover(requestFor(gpt2, freezing(first))).settings).toMatchObject({
    ...{ layers_to_transform: [10, 11], layers_pattern: "h" },
  });
});

test("an adapter holds fewer numbers than its matrix", () => {
  const matrix = { dtype: "F32", shape: [16, 16] };
  const names = ["q_proj", "o_proj"].map((role) => `model.layers.0.self_attn.${role}.weight`);
  const checkpoint = memoryCheckpoint(Object.fromEntries(names.map((name) => [name, matrix])));
  const { settings, trainableParameters } = peftHandover(
    requestFor(checkpoint, freezing(["layers.0.self_attn.o_proj"])),
  );
  // k (16 + 16) < 16 x 16 up to k = 7.
  expect(settings.rank_pattern).toEqual({ "model\\.layers\\.0\\.self_attn\\.q_proj": 7 });
  expect(trainableParameters).toBe(7 * 32);
});

test("a plan that leaves only embeddings free is refused", () => {
  const chosen = matrixNames(namedModels.llama).filter(inLayer);
  expect(() => peftHandover(requestFor(namedModels.llama, freezing(chosen)))).toThrow(
    /PEFT cannot express this plan: of the matrices in the layers it leaves none free/,
  );
});
