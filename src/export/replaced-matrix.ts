/** @file What stands in for one matrix of a plan, as its element type holds it. Knows nothing of the rest of a checkpoint. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { canonicalName } from "../checkpoint/checkpoint-matrix.js";
import { type WritableDtype, writableDtype } from "../checkpoint/safetensors-writer.js";
import { storedValues } from "../checkpoint/stored-values.js";
import { InputError, ShapeError } from "../foundation/errors.js";
import { factorProduct, factorsAreSmaller, type LowRankFactors } from "../foundation/factored-matrix.js";
import { randomWeights, standardDeviation } from "../foundation/random-weights.js";
import { lowRankFactors } from "../linalg/low-rank-factors.js";
import type { PlannedMatrix } from "../records/plan-record.js";
import type { CheckedMatrix, CheckedPlan } from "./checked-plan.js";
import { dtypeEpsilon, roundedValues } from "./rounded-values.js";

export interface ReplacedMatrix {
  /** Name of the tensor. */
  readonly tensor: string;
  /** Name in the random stream: `h.4.attn.c_proj.weight`. */
  readonly parameter: string;
  /** As stored. */
  readonly shape: readonly [number, number];
  readonly dtype: WritableDtype;
  readonly planned: PlannedMatrix;
  /** Of `crystal`. */
  readonly rank: number;
  /** Whether it is written as two factors. */
  readonly factored: boolean;
  /** Whether the checkpoint holds the values of the plan already. */
  readonly applied: boolean;
  /** [elements], as stored, finite; read anew each time. @throws InputError */
  readonly stored: () => Float32Array;
}

function replacedMatrix(checkpoint: Checkpoint, { matrix, planned }: CheckedMatrix, applied: boolean): ReplacedMatrix {
  const tensor = checkpoint.tensors.get(matrix.tensor)!;
  if (tensor.shape.length !== 2)
    throw new InputError(
      `${checkpoint.source}: ${planned.name} is a part of tensor '${tensor.name}', which is stored whole. Only freeze it, or leave it out of the plan.`,
    );
  const [rows, columns] = tensor.shape;
  const { action, rank = 1 } = planned;
  return {
    ...{ tensor: tensor.name, parameter: `${canonicalName(tensor.name)}.weight`, shape: [rows, columns] },
    ...{ dtype: writableDtype(tensor.dtype), planned, rank, applied },
    factored: action === "crystal" && factorsAreSmaller(rank, rows, columns),
    stored() {
      const values = storedValues(checkpoint, tensor);
      if (values.every(Number.isFinite)) return values;
      throw new InputError(
        `${checkpoint.source}: ${planned.name} holds NaN or infinite values, so nothing can stand in for it. Leave it out of the plan.`,
      );
    },
  };
}

/** The matrices that a plan replaces, by tensor. @throws InputError for a single expert of a stacked tensor. */
export function replacedMatrices(
  checkpoint: Checkpoint,
  { record, matrices }: CheckedPlan,
): ReadonlyMap<string, ReplacedMatrix> {
  const replaced = matrices.filter(({ planned }) => planned.action !== "freeze");
  return new Map(
    replaced.map((matrix) => [matrix.matrix.tensor, replacedMatrix(checkpoint, matrix, record.applied ?? false)]),
  );
}

const changed = ({ tensor, planned }: ReplacedMatrix) =>
  new InputError(
    `${planned.name} (tensor '${tensor}') is not what the plan says (${planned.action}); was the checkpoint trained further?`,
  );

/** What restores a random matrix, its values aside. @throws InputError */
export function randomSource(target: ReplacedMatrix): { readonly seed: number; readonly deviation: number } {
  const { planned, applied, stored } = target;
  if (planned.seed === undefined) throw new ShapeError(`${planned.name}: the action random needs a seed.`);
  if (planned.deviation !== undefined) return { seed: planned.seed, deviation: planned.deviation };
  if (applied)
    throw new InputError(
      `${planned.name}: the plan is applied but gives no deviation of the random values, without which they cannot be restored. Give it.`,
    );
  return { seed: planned.seed, deviation: standardDeviation(stored()) };
}

function randomValues(target: ReplacedMatrix): Float32Array {
  const { parameter, shape, dtype } = target;
  const elements = shape[0] * shape[1];
  return roundedValues(randomWeights({ parameter, elements, ...randomSource(target) }), dtype);
}

/**
 * Where an applied matrix is of rank k, its best approximation differs by no more than the rounding of the product's sums and of
 * the element type: in the Frobenius norm, relative to the matrix.
 */
function demandRank(target: ReplacedMatrix, stored: Float32Array, approximation: Float32Array): void {
  // Half-precision numbers near zero lie 2^-24 apart.
  const absolute = target.dtype === "F16" ? stored.length * 2 ** -48 : 0;
  const tolerance = dtypeEpsilon[target.dtype] + dtypeEpsilon.F32 * (4 + target.rank);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < stored.length; i++) {
    difference += (stored[i] - approximation[i]) ** 2;
    norm += stored[i] ** 2;
  }
  if (difference > tolerance ** 2 * norm + absolute) throw changed(target);
}

/** The factors of a crystal matrix, each rounded to its element type. @throws InputError where it is applied and of a higher rank. */
export function crystalFactors(target: ReplacedMatrix): LowRankFactors {
  const { rank, dtype, applied, stored } = target;
  const [rows, columns] = target.shape;
  const values = stored();
  const factors = lowRankFactors(values, rows, columns, rank);
  if (applied) demandRank(target, values, factorProduct(factors, rows, columns, rank));
  return { left: roundedValues(factors.left, dtype), right: roundedValues(factors.right, dtype) };
}

/** @throws InputError where an applied random or zero matrix is another. */
export function demandApplied(target: ReplacedMatrix): void {
  const { planned, shape, dtype, stored } = target;
  const found = roundedValues(stored(), dtype);
  const wanted = planned.action === "random" ? randomValues(target) : new Float32Array(shape[0] * shape[1]);
  // A negative zero is a zero.
  if (!found.every((value, i) => value === wanted[i])) throw changed(target);
}

/**
 * The dense values of the plan, as stored: what factors written in the element type multiply to, or the applied values themselves.
 * @throws InputError where an applied matrix is another.
 */
export function replacedValues(target: ReplacedMatrix): Float32Array {
  const { planned, rank, dtype, applied, stored } = target;
  const [rows, columns] = target.shape;
  switch (planned.action) {
    case "freeze":
      return stored();
    case "crystal": {
      if (applied) {
        crystalFactors(target);
        return stored();
      }
      const factors = target.factored ? crystalFactors(target) : lowRankFactors(stored(), rows, columns, rank);
      return roundedValues(factorProduct(factors, rows, columns, rank), dtype);
    }
    case "random":
    case "zero":
      if (applied) demandApplied(target);
      return planned.action === "random" ? randomValues(target) : new Float32Array(rows * columns);
    default:
      return planned.action satisfies never;
  }
}
