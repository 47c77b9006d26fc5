import { describe, expect, it } from "vitest";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import type { Buffer } from "../engine/backend.js";
import { matrixProduct, transposed } from "../engine/reference/matrix.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { gradientName } from "../graph/differentiate.js";
import { gpt2 } from "./gpt2.js";
import type { LanguageModel } from "./language-model.js";
import { logitsGraph, lossGraph, trainingGraph } from "./model-graph.js";
import { factorNames, weightParameters } from "./weight.js";

const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: 2,
  n_embd: 6,
  n_head: 2,
  vocab_size: 13,
  n_positions: 8,
});
const shape = { rows: 2, length: 7, slots: 9, packed: true };
const dense = gpt2(config);

interface Factored {
  readonly name: string;
  readonly rank: number;
  readonly rows: number;
  readonly columns: number;
}

const cases: Factored[] = [
  { name: "h.1.attn.c_proj.weight", rank: 1, rows: 6, columns: 6 },
  { name: "h.0.attn.c_attn.weight", rank: 2, rows: 6, columns: 18 },
  { name: "h.0.mlp.c_proj.weight", rank: 3, rows: 24, columns: 6 },
  { name: "wte.weight", rank: 2, rows: 13, columns: 6 },
  { name: "wpe.weight", rank: 1, rows: 8, columns: 6 },
];

/** Weights of the factored model, and of the dense one whose matrix is the factors' product. */
function weightsOf(model: LanguageModel, { name, rank, rows, columns }: Factored) {
  const factored = new Map<string, Buffer>(
    [...drawWeights(model, 1)].map(([key, values]) => [key, Float64Array.from(values)]),
  );
  const { left, right } = factorNames(name);
  const leftMatrix = { shape: [rows, rank], data: factored.get(left) as Float64Array };
  const rightMatrix = { shape: [rank, columns], data: factored.get(right) as Float64Array };
  const product = matrixProduct(leftMatrix, rightMatrix);
  const whole = new Map<string, Buffer>([...factored, [name, product.data]]);
  whole.delete(left);
  whole.delete(right);
  return { factored, whole, leftMatrix, rightMatrix };
}

describe.each(cases)("$name as a product of rank $rank", (given) => {
  const { name, rank, rows, columns } = given;
  const model = gpt2(config, new Map([[name, rank]]));
  const { left, right } = factorNames(name);

  it("appears as its two factors, in its place", () => {
    const names = dense.parameters.map((parameter) => parameter.name);
    expect(model.parameters.map((parameter) => parameter.name)).toEqual(
      names.flatMap((each) => (each === name ? [left, right] : [each])),
    );
    const shapes = new Map(model.parameters.map((parameter) => [parameter.name, parameter.shape]));
    expect(shapes.get(left)).toEqual([rows, rank]);
    expect(shapes.get(right)).toEqual([rank, columns]);
  });

  it("gives the dense matrix's logits and losses", async () => {
    const { factored, whole } = weightsOf(model, given);
    const batch = drawBatch(dense, shape, 2);
    const losses = await runGraph(referenceBackend, lossGraph(model, shape), modelInputs(factored, batch));
    const expected = await runGraph(referenceBackend, lossGraph(dense, shape), modelInputs(whole, batch));
    for (const [output, values] of expected)
      expect(relativeDifference(losses.get(output)!, values), output).toBeLessThan(1e-12);
    const sequences = { rows: 2, length: 7 };
    const plain = new Map([
      ["tokens", batch.tokens],
      ["positions", batch.positions],
    ]);
    const [logits, denseLogits] = await Promise.all([
      runGraph(referenceBackend, logitsGraph(model, sequences), new Map([...factored, ...plain])),
      runGraph(referenceBackend, logitsGraph(dense, sequences), new Map([...whole, ...plain])),
    ]);
    expect(relativeDifference(logits.get("logits")!, denseLogits.get("logits")!)).toBeLessThan(1e-12);
  });

  it("has the gradients that the product rule gives", async () => {
    const { factored, whole, leftMatrix, rightMatrix } = weightsOf(model, given);
    const batch = drawBatch(dense, shape, 3);
    const names = dense.parameters.map((parameter) => parameter.name);
    const expected = await runGraph(referenceBackend, trainingGraph(dense, shape, names), modelInputs(whole, batch));
    const factoredNames = model.parameters.map((parameter) => parameter.name);
    const found = await runGraph(
      referenceBackend,
      trainingGraph(model, shape, factoredNames),
      modelInputs(factored, batch),
    );
    // W = A B  =>  dA = dW B', dB = A' dW
    const dweight = { shape: [rows, columns], data: Float64Array.from(expected.get(gradientName(name))!) };
    expect(
      relativeDifference(found.get(gradientName(left))!, matrixProduct(dweight, transposed(rightMatrix)).data),
    ).toBeLessThan(1e-11);
    expect(
      relativeDifference(found.get(gradientName(right))!, matrixProduct(transposed(leftMatrix), dweight).data),
    ).toBeLessThan(1e-11);
    for (const other of names.filter((each) => each !== name))
      expect(
        relativeDifference(found.get(gradientName(other))!, expected.get(gradientName(other))!),
        other,
      ).toBeLessThan(1e-11);
  });
});

it("gives a weight without a rank as itself", () => {
  expect(weightParameters("w", [3, 5], new Map([["v", 2]]))).toEqual([{ name: "w", shape: [3, 5] }]);
});
