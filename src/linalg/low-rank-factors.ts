/** @file The best approximation of a matrix by two thin factors, and their product. Knows no model. */
import { truncatedSvd } from "./truncated-svd.js";

export interface LowRankFactors {
  /** [rows, rank] */
  readonly left: Float32Array;
  /** [rank, columns] */
  readonly right: Float32Array;
}

/** The best rank-k approximation as two factors that share the singular values evenly. Eckart & Young 1936. @param values [rows, columns] */
export function lowRankFactors(values: Float32Array, rows: number, columns: number, rank: number): LowRankFactors {
  const { left, singular, right } = truncatedSvd(values, rows, columns, rank);
  return {
    left: Float32Array.from(left, (value, i) => value * Math.sqrt(singular[i % rank])),
    right: Float32Array.from(right, (value, i) => value * Math.sqrt(singular[Math.floor(i / columns)])),
  };
}

/** @returns left times right, [rows, columns], in float32. */
export function factorProduct(
  { left, right }: LowRankFactors,
  rows: number,
  columns: number,
  rank: number,
): Float32Array {
  const dense = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < rank; k++)
      for (let c = 0; c < columns; c++) dense[r * columns + c] += left[r * rank + k] * right[k * columns + c];
  return dense;
}
