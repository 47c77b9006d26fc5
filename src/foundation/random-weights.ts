/** @file The random values that stand in for a weight, so that its seed alone restores them. Knows no checkpoint. */
import { randomStream } from "./random.js";

/** Names the generator in files: Philox4x32-10 keyed by SHA-256 of seed and name, normal by inverse distribution function. */
export const randomWeightsGenerator = "deadweight/random@1";

export interface RandomWeights {
  /** Parameter name, which is part of the stream's: `h.4.attn.c_proj.weight`. */
  readonly parameter: string;
  /** Number of elements, as stored. */
  readonly elements: number;
  /** Standard deviation; their mean is 0. */
  readonly deviation: number;
  /** A safe integer. */
  readonly seed: number;
}

/** I.i.d. normal values, the same on every platform. @throws ShapeError for a seed that is none. */
export function randomWeights({ parameter, elements, deviation, seed }: RandomWeights): Float32Array {
  const values = new Float32Array(elements);
  randomStream(seed, `random weights of ${parameter}`).fillNormal(values, deviation);
  return values;
}

/** Of the entries of a matrix: what random values in its place are given. Population form. */
export function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
