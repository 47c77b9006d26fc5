/** @file When two thin factors are smaller than the matrix they stand for. */

/** k (n + m) < n m */
export const factorsAreSmaller = (rank: number, rows: number, columns: number): boolean =>
  rank * (rows + columns) < rows * columns;
