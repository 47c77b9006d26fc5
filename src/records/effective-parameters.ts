/** @file How many numbers a model needs to store under a plan. Knows no checkpoint. */
import type { PlannedMatrix } from "./plan-record.js";

export type SizedAction = Pick<PlannedMatrix, "action" | "rank"> & { readonly rows: number; readonly cols: number };

/**
 * Numbers that need not be stored any more: all of a random matrix (its seed restores it) or of a zero one, n m - k (n + m) for rank
 * k where that is positive. A frozen matrix must be stored. Reading notes, "Effective parameters".
 */
export function savedParameters({ action, rank = 1, rows, cols }: SizedAction): number {
  switch (action) {
    case "freeze":
      return 0;
    case "crystal":
      return Math.max(0, rows * cols - rank * (rows + cols));
    case "random":
    case "zero":
      return rows * cols;
    default:
      return action satisfies never;
  }
}

export function effectiveParameters(parameters: number, matrices: readonly SizedAction[]): number {
  return parameters - matrices.reduce((sum, matrix) => sum + savedParameters(matrix), 0);
}
