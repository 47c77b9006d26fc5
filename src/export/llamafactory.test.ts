import { describe, expect, test } from "vitest";
import { freezing, layersOf, matrixNames, namedModels, requestFor } from "../../test/named-models.js";
import { freezeTuningTrains } from "../../test/trainer-rules.js";
import { freezeOptions, llamafactoryHandover } from "./llamafactory.js";

const { gpt2, llama, gptNeox } = namedModels;
const layer = (name: string) => Number(/\.(\d+)\./.exec(name)?.[1] ?? -1);

describe("plans that freeze tuning can express", () => {
  test.each([
    ["attention of all layers", llama, (name: string) => name.includes("self_attn"), 22, 0],
    ["the first layers", llama, (name: string) => layer(name) >= 0 && layer(name) < 11, 11, 0],
    ["the last layers", gptNeox, (name: string) => layer(name) >= 2, -2, 80],
    ["the first layers and the embeddings", gpt2, (name: string) => layer(name) < 10, 2, 80],
    ["all layers", gpt2, (name: string) => layer(name) >= 0, 0, 96],
  ] as const)("%s", (_, checkpoint, frozen, layers, vectors) => {
    const request = requestFor(checkpoint, freezing(matrixNames(checkpoint).filter(frozen)));
    const options = freezeOptions(request);
    expect(options.freeze_trainable_layers).toBe(layers);
    const trains = freezeTuningTrains(options, layersOf(checkpoint));
    const matrices = request.parameters.filter(({ matrix }) => matrix !== null);
    expect(matrices.map(({ name }) => !trains(name))).toEqual(matrices.map((matrix) => matrix.frozen));
    // Norms and biases that stay frozen are told.
    const still = request.parameters.filter(({ name, matrix }) => matrix === null && !trains(name));
    const { notes, trainableParameters } = llamafactoryHandover(request);
    expect(still).toHaveLength(vectors);
    expect(notes.join()).toMatch(vectors === 0 ? /^$/ : new RegExp(`also freezes ${vectors} norms and biases`));
    const trained = request.parameters.filter(({ name }) => trains(name));
    expect(trainableParameters).toBe(trained.reduce((sum, { elements }) => sum + elements, 0));
  });
});

describe("plans that it cannot express", () => {
  test.each([
    ["one matrix of a module", ["layers.3.self_attn.o_proj"], /freezes 1 of the 4 matrices of 'self_attn' in layer 3/],
    [
      "layers in the middle",
      matrixNames(llama).filter((name) => layer(name) === 5),
      /neither the first nor the last ones/,
    ],
    [
      "other modules in another layer",
      matrixNames(llama).filter((name) => name.startsWith("layers.0.mlp")),
      /layer 0 leaves self_attn free and layer 1 mlp, self_attn/,
    ],
  ])("%s", (_, names, message) => {
    expect(() => llamafactoryHandover(requestFor(llama, freezing(names)))).toThrow(message);
  });
});
