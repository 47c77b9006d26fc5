/** @file A matrix planted into a model behind a gate: a known truth to try the test on. Knows no architecture. */
import type { LanguageModel, ParameterSpec } from "./language-model.js";
import { applyLinear, type FactoredRanks, weightFrom, weightParameters } from "./weight.js";

export interface PlantedMatrix {
  /** Of the parameter. */
  readonly name: string;
  /** What its output is multiplied by before it is added: at 0 the matrix is dead, whatever its values. */
  readonly gate: number;
  /** Weights that are applied as two thin products; it may be among them. */
  readonly ranks?: FactoredRanks;
}

/** hidden + gate * (hidden W), W [width, width] stored [in, out], before the head. At gate 0 every number of the model is as without it. */
export function withPlantedMatrix(
  model: LanguageModel,
  { name, gate, ranks = new Map() }: PlantedMatrix,
): LanguageModel {
  const width = hiddenWidth(model.parameters);
  return {
    ...model,
    parameters: [...model.parameters, ...weightParameters(name, [width, width], ranks)],
    forward(builder, parameters, inputs, shape) {
      const pass = model.forward(builder, parameters, inputs, shape);
      const planted = applyLinear(builder, pass.hidden, weightFrom(parameters, name), null, "inputOutput");
      return { ...pass, hidden: builder.add(pass.hidden, builder.scale(planted, gate)) };
    },
  };
}

/** Every architecture's first parameter is its token embedding: [vocabulary, width], or the factors of one. */
export function hiddenWidth(parameters: readonly ParameterSpec[]): number {
  const [first, second] = parameters;
  return first.name.endsWith(":left") ? second.shape[1] : first.shape[1];
}
