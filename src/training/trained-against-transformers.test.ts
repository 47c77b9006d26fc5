import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { shapedPacked } from "../../test/architecture-fixture.js";
import { modelInputs } from "../../test/model-numbers.js";
import { noNative, openNative } from "../../test/native-engine.js";
import { maximumDifference } from "../../test/relative-difference.js";
import { runGraph } from "../../test/run-graph.js";
import {
  absence,
  expectedGradientFigures,
  figuresDifference,
  gradientFigures,
  trainedFixtures,
  trainedFolder,
} from "../../test/trained-fixture.js";
import { openTokenizer } from "../data/tokenizer-folder.js";
import type { Backend, Buffer } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { gradientName } from "../graph/differentiate.js";
import { logitsGraph, trainingGraph } from "../model/model-graph.js";
import { openBaseModel } from "./base-model.js";

const precision = "float32";
const tolerance = 1e-4;
const engines = [
  { engine: "onnxruntime", open: (): Promise<Backend> => onnxBackend({ threads: 2 }) },
  ...(noNative === null ? [{ engine: "native kernels", open: (): Promise<Backend> => openNative() }] : []),
];
const cases = engines.flatMap((engine) => Object.keys(trainedFixtures).map((name) => ({ ...engine, name })));

describe.each(cases)("$name, trained, on $engine against transformers in float64", ({ name, open }) => {
  const fixture = trainedFixtures[name];
  const folder = trainedFolder(name);

  it("is the checkpoint that the numbers are of, and its texts have the same tokens", ({ skip }) => {
    skip(absence(name) !== null, absence(name) ?? "");
    expect(sha256OfBytes(readFileSync(`${folder}/model.safetensors`))).toBe(fixture.weightsSha256);
    const { tokenizer } = openTokenizer(folder);
    for (const { text, tokens } of fixture.texts)
      expect(Array.from(tokenizer.encode(text, { specialTokens: true }))).toEqual(tokens);
  });

  it("gives the logits", async ({ skip }) => {
    skip(absence(name) !== null, absence(name) ?? "");
    const { build, weights } = openBaseModel(folder);
    const { rows, length, tokens, positions, stride, values } = fixture.logits;
    const inputs = new Map<string, Buffer>([
      ...weights,
      ["tokens", Int32Array.from(tokens)],
      ["positions", Int32Array.from(positions)],
    ]);
    const outputs = await runGraph(await open(), logitsGraph(build(), { rows, length }), inputs, { precision });
    const kept = outputs.get("logits")!.filter((_, index) => index % stride === 0);
    expect(maximumDifference(kept, values)).toBeLessThan(tolerance);
  });

  it("gives the loss and the gradient of every parameter of a packed batch", async ({ skip }) => {
    skip(absence(name) !== null, absence(name) ?? "");
    const { build, weights } = openBaseModel(folder);
    const { batch, shape } = shapedPacked(fixture.packed);
    const parameters = build().parameters.map((parameter) => parameter.name);
    const graph = trainingGraph(build(), shape, parameters);
    const outputs = await runGraph(await open(), graph, modelInputs(weights, batch), { precision });
    expect(Math.abs(outputs.get("loss")![0] - fixture.packed.loss)).toBeLessThan(tolerance);
    const expected = expectedGradientFigures(name);
    expect([...expected.keys()].sort()).toEqual([...parameters].sort());
    for (const parameter of parameters) {
      const found = gradientFigures(outputs.get(gradientName(parameter))!);
      expect(figuresDifference(found, expected.get(parameter)!), parameter).toBeLessThan(tolerance);
    }
  });
});

it("the two figures of a gradient notice a wrong element, and elements that changed places", () => {
  const gradient = Float64Array.from({ length: 300 }, (_, i) => Math.sin(i * i));
  const expected = gradientFigures(gradient);
  const differenceOf = (values: Float64Array) => figuresDifference(gradientFigures(values), expected);
  const transposed = gradient.map((_, i) => gradient[(i % 20) * 15 + Math.floor(i / 20)]);
  expect(differenceOf(gradient)).toBe(0);
  expect(differenceOf(gradient.with(17, gradient[17] + 0.05))).toBeGreaterThan(tolerance);
  expect(differenceOf(transposed)).toBeGreaterThan(tolerance);
});
