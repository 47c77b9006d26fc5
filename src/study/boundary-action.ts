/** @file What a boundary search may do to matrices. */

/** What is done to the matrices: one thing to all, at a rank from a ladder where none is given, or the cheapest that holds for each. */
export type BoundaryAction =
  | { readonly kind: "freeze" | "random" | "zero" | "cheapest" }
  | { readonly kind: "crystal"; readonly rank: number | null };

export function actionName(action: BoundaryAction): string {
  return action.kind === "crystal" && action.rank !== null ? `crystal:${action.rank}` : action.kind;
}

/** Whether an action needs the losses of the ladder. */
export const usesLadder = (action: BoundaryAction): boolean =>
  action.kind === "cheapest" || (action.kind === "crystal" && action.rank === null);
