/** @file Applies an arm to matrices: which weights are replaced, factored, frozen. Knows nothing of training. */
import { DivergedError, UsageError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { truncatedSvd } from "../linalg/truncated-svd.js";
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

function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** The best rank-k approximation as two factors that share the singular values evenly. Eckart & Young 1936. */
function factors(
  { shape: [rows, columns], trained }: TreatedMatrix,
  rank: number,
): { left: Float32Array; right: Float32Array } {
  const { left, singular, right } = truncatedSvd(trained, rows, columns, rank);
  return {
    left: Float32Array.from(left, (value, i) => value * Math.sqrt(singular[i % rank])),
    right: Float32Array.from(right, (value, i) => value * Math.sqrt(singular[Math.floor(i / columns)])),
  };
}

function product(left: Float32Array, right: Float32Array, rows: number, columns: number, rank: number): Float32Array {
  const dense = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < rank; k++)
      for (let c = 0; c < columns; c++) dense[r * columns + c] += left[r * rank + k] * right[k * columns + c];
  return dense;
}

function randomValues({ parameter, trained }: TreatedMatrix, deviation: number, seed: number): Float32Array {
  const values = new Float32Array(trained.length);
  randomStream(seed, `random weights of ${parameter}`).fillNormal(values, deviation);
  return values;
}

function shuffledValues({ parameter, trained }: TreatedMatrix, seed: number): Float32Array {
  const order = randomStream(seed, `shuffled weights of ${parameter}`).permutation(trained.length);
  return Float32Array.from(order, (from) => trained[from]);
}

/** @throws UsageError where a rank exceeds the matrix, DivergedError where a matrix is not finite. */
export function treat(
  matrices: readonly TreatedMatrix[],
  arm: Arm,
  { seed, initializerRange }: TreatmentOptions,
): Treatment {
  const ranks = new Map<string, number>();
  const replaced = new Map<string, Float32Array>();
  const frozen = new Set<string>();
  if (arm.kind === "full") return { ranks, replaced, frozen };
  const trainable = "trainable" in arm && arm.trainable;
  for (const matrix of matrices) {
    const { parameter, shape, trained } = matrix;
    if (!trained.every(Number.isFinite)) throw new DivergedError(`${parameter} holds NaN or infinite values.`, 0);
    if (!trainable) frozen.add(parameter);
    switch (arm.kind) {
      case "frozen":
        break;
      case "crystal": {
        const [rows, columns] = shape;
        if (arm.rank > Math.min(rows, columns))
          throw new UsageError(
            `crystal:${arm.rank}: ${parameter} is ${rows} x ${columns}; its rank is at most ${Math.min(rows, columns)}.`,
          );
        const { left, right } = factors(matrix, arm.rank);
        // Two thin products are the cheaper form only while they store less than the matrix.
        if (!trainable && arm.rank * (rows + columns) < rows * columns) {
          const names = factorNames(parameter);
          ranks.set(parameter, arm.rank);
          frozen.delete(parameter);
          for (const name of [names.left, names.right]) frozen.add(name);
          replaced.set(names.left, left).set(names.right, right);
        } else replaced.set(parameter, product(left, right, rows, columns, arm.rank));
        break;
      }
      case "random":
        replaced.set(
          parameter,
          randomValues(matrix, arm.scale === "init" ? initializerRange : standardDeviation(trained), seed),
        );
        break;
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
