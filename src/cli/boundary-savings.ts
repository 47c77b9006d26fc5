/** @file What a set of matrices saves once it is treated: numbers to store, bytes, training memory, operations of a step. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { actionOf } from "../crystal/planned-arm.js";
import { dtypeBits, isDtype } from "../foundation/dtype.js";
import { factorsAreSmaller } from "../foundation/factored-matrix.js";
import type { LanguageModel } from "../model/language-model.js";
import type { BatchShape } from "../model/model-graph.js";
import { factorNames } from "../model/weight.js";
import type { BoundarySavings } from "../records/boundary-record.js";
import { savedParameters } from "../records/effective-parameters.js";
import type { MatrixSet } from "../study/boundary-search.js";
import { stepCost } from "../training/step-cost.js";

export interface SavingsOptions {
  readonly matrices: readonly CheckpointMatrix[];
  readonly parameters: number;
  /** Of the checkpoint's weights. */
  readonly bytes: number;
  /** The model with some weights factored, by parameter name. */
  readonly build: (ranks: ReadonlyMap<string, number>) => LanguageModel;
  readonly batch: BatchShape;
}

const bytesPerElement = (dtype: string) => (isDtype(dtype) ? dtypeBits(dtype) / 8 : 4);

export function boundarySavings(
  set: MatrixSet,
  { matrices, parameters, bytes, build, batch }: SavingsOptions,
): BoundarySavings {
  const byName = new Map(matrices.map((matrix) => [matrix.name, matrix]));
  const ranks = new Map<string, number>();
  const frozen = new Set<string>();
  let [savedNumbers, savedBytes] = [0, 0];
  for (const { name, arm } of set) {
    const matrix = byName.get(name);
    const action = actionOf(arm);
    if (matrix === undefined || action === null) continue;
    const { rows, cols, dtype } = matrix;
    const saved = savedParameters({ ...action, rows, cols });
    savedNumbers += saved;
    savedBytes += saved * bytesPerElement(dtype);
    const parameter = `${name}.weight`;
    const { rank } = action;
    if (action.action === "crystal" && rank !== undefined && factorsAreSmaller(rank, rows, cols)) {
      ranks.set(parameter, rank);
      const { left, right } = factorNames(parameter);
      frozen.add(left).add(right);
    } else frozen.add(parameter);
  }
  const [full, own] = [stepCost(build(new Map()), batch, new Set()), stepCost(build(ranks), batch, frozen)];
  return {
    ...{ parameters, effectiveParameters: parameters - savedNumbers, bytes, effectiveBytes: bytes - savedBytes },
    ...{ trainableParameters: full.trainableParameters, trainableLeft: own.trainableParameters },
    ...{ trainingBytes: full.bytes, trainingBytesLeft: own.bytes, stepFlops: full.flops, stepFlopsLeft: own.flops },
  };
}
