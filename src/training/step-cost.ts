/** @file What a training step costs with some weights frozen or factored: operations, bytes, trained parameters. Runs nothing. */
import { graphFlops } from "../graph/flops.js";
import { elementCount } from "../graph/graph.js";
import type { LanguageModel } from "../model/language-model.js";
import { type BatchShape, trainingGraph } from "../model/model-graph.js";

export interface StepCost {
  readonly trainableParameters: number;
  /** Of weights, and of gradients and both moments of the trained ones, in float32. Activations are apart. */
  readonly bytes: number;
  /** Of the products of forward and backward pass. */
  readonly flops: number;
}

const bytesPerWeight = 4;
/** Gradient and two moments. */
const bytesPerTrained = 12;

/** @param model with its factored weights as factors; @param frozen names of parameters. */
export function stepCost(model: LanguageModel, shape: BatchShape, frozen: ReadonlySet<string>): StepCost {
  const trained = model.parameters.filter(({ name }) => !frozen.has(name));
  const count = (parameters: typeof trained) => parameters.reduce((sum, own) => sum + elementCount(own.shape), 0);
  const trainableParameters = count(trained);
  return {
    trainableParameters,
    bytes: bytesPerWeight * count([...model.parameters]) + bytesPerTrained * trainableParameters,
    flops: graphFlops(
      trainingGraph(
        model,
        shape,
        trained.map(({ name }) => name),
      ),
    ),
  };
}
