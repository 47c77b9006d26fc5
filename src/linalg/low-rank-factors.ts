/** @file The best approximation of a matrix by two thin factors, and their product. Knows no model. */
import type { LowRankFactors } from "../foundation/factored-matrix.js";
import { truncatedSvd } from "./truncated-svd.js";

/** The best rank-k approximation as two factors that share the singular values evenly. Eckart & Young 1936. @param values [rows, columns] */
export function lowRankFactors(values: Float32Array, rows: number, columns: number, rank: number): LowRankFactors {
  const { left, singular, right } = truncatedSvd(values, rows, columns, rank);
  return {
    left: Float32Array.from(left, (value, i) => value * Math.sqrt(singular[i % rank])),
    right: Float32Array.from(right, (value, i) => value * Math.sqrt(singular[Math.floor(i / columns)])),
  };
}
