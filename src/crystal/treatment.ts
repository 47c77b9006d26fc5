/** @file Applies an arm to matrices: which weights are replaced, factored, frozen. Knows nothing of training. */
import { DivergedError, UsageError } from "../foundation/errors.js";
import { factorProduct, factorsAreSmaller } from "../foundation/factored-matrix.js";
import { randomStream } from "../foundation/random.js";
import { randomWeights, standardDeviation } from "../foundation/random-weights.js";
import { lowRankFactors } from "../linalg/low-rank-factors.js";
import { type FactoredRanks, factorNames } from "../model/weight.js";
import type { Arm } from "./arm.js";

export interface Treatment {
  /** Weights that are applied as two thin products, by parameter name. */
  readonly ranks: FactoredRanks;
  /** New values, by parameter name; all other parameters keep theirs. */
  readonly replaced: ReadonlyMap<string, Float32Array>;
  /** Parameters that are not trained. */
  readonly frozen: ReadonlySet<string>;
}

export interface TreatedMatrix {
  /** Parameter name: `h.4.attn.c_proj.weight`. */
  readonly parameter: string;
  /** As stored. */
  readonly shape: readonly [number, number];
  readonly trained: Float32Array;
}

export interface TreatmentOptions {
  /** Seed of the trial: random values are drawn anew for each. */
  readonly seed: number;
  /** Standard deviation of the initialiser, for `random:init`. */
  readonly initializerRange: number;
}

function shuffledValues({ parameter, trained }: TreatedMatrix, seed: number): Float32Array {
  const order = randomStream(seed, `shuffled weights of ${parameter}`).permutation(trained.length);
  return Float32Array.from(order, (from) => trained[from]);
}

/** What is done to one of the matrices. */
export interface TreatedBy {
  readonly matrix: TreatedMatrix;
  readonly arm: Arm;
  /** Of random values: that of the trained ones where absent. */
  readonly deviation?: number | undefined;
  /** Of this matrix alone; that of the trial where absent. */
  readonly seed?: number | undefined;
}

function demandRank({ parameter, shape: [rows, columns] }: TreatedMatrix, rank: number): void {
  if (rank > Math.min(rows, columns))
    throw new UsageError(
      `crystal:${rank}: ${parameter} is ${rows} x ${columns}; its rank is at most ${Math.min(rows, columns)}.`,
    );
}

/** @throws UsageError where a rank exceeds the matrix, DivergedError where a matrix is not finite. */
export function treatEach(
  treated: readonly TreatedBy[],
  { seed: common, initializerRange }: TreatmentOptions,
): Treatment {
  const ranks = new Map<string, number>();
  const replaced = new Map<string, Float32Array>();
  const frozen = new Set<string>();
  for (const { matrix, arm, deviation, seed = common } of treated) {
    if (arm.kind === "full") continue;
    const { parameter, shape, trained } = matrix;
    const [rows, columns] = shape;
    if (!trained.every(Number.isFinite)) throw new DivergedError(`${parameter} holds NaN or infinite values.`, 0);
    const trainable = "trainable" in arm && arm.trainable;
    if (!trainable) frozen.add(parameter);
    switch (arm.kind) {
      case "frozen":
        break;
      case "crystal": {
        demandRank(matrix, arm.rank);
        const factors = lowRankFactors(trained, rows, columns, arm.rank);
        // Two thin products are the cheaper form only while they store less than the matrix.
        if (!trainable && factorsAreSmaller(arm.rank, rows, columns)) {
          const names = factorNames(parameter);
          ranks.set(parameter, arm.rank);
          frozen.delete(parameter);
          for (const name of [names.left, names.right]) frozen.add(name);
          replaced.set(names.left, factors.left).set(names.right, factors.right);
        } else replaced.set(parameter, factorProduct(factors, rows, columns, arm.rank));
        break;
      }
      case "random": {
        const own = arm.scale === "init" ? initializerRange : (deviation ?? standardDeviation(trained));
        replaced.set(parameter, randomWeights({ parameter, elements: trained.length, deviation: own, seed }));
        break;
      }
      case "zero":
        replaced.set(parameter, new Float32Array(trained.length));
        break;
      case "shuffled":
        replaced.set(parameter, shuffledValues(matrix, seed));
        break;
      default:
        arm satisfies never;
    }
  }
  return { ranks, replaced, frozen };
}

/** The same arm for all. See `treatEach`. */
export function treat(matrices: readonly TreatedMatrix[], arm: Arm, options: TreatmentOptions): Treatment {
  return treatEach(
    matrices.map((matrix) => ({ matrix, arm })),
    options,
  );
}
