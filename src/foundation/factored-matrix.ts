/** @file A matrix as the product of two thin factors. Knows not how they are found. */

/** k (n + m) < n m */
export const factorsAreSmaller = (rank: number, rows: number, columns: number): boolean =>
  rank * (rows + columns) < rows * columns;

export interface LowRankFactors {
  /** [rows, rank] */
  readonly left: Float32Array;
  /** [rank, columns] */
  readonly right: Float32Array;
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
