/** @file What became of each matrix under one action of a boundary search. Knows no figures and no page. */
import type { ActionBoundary } from "../records/boundary-record.js";

/** `held`: in the search only, so on no fresh evidence. `left`: in no set that held. */
export interface MatrixFate {
  readonly kind: "confirmed" | "held" | "passed over" | "left";
  /** The arm that the matrix was treated with; null for one that the action could not be applied to. */
  readonly arm: string | null;
}

export const fateText: Readonly<Record<MatrixFate["kind"], string>> = {
  confirmed: "confirmed",
  held: "held in the search only",
  "passed over": "passed over",
  left: "trained as ever",
};

/** By name, of those with evidence or in a set. */
export function matrixFates({
  evidence,
  held,
  passedOver,
  attempts,
  confirmed,
}: ActionBoundary): Map<string, MatrixFate> {
  const fates = new Map(evidence.map(({ name, arm }): [string, MatrixFate] => [name, { kind: "left", arm }]));
  const armOf = (name: string) => fates.get(name)?.arm ?? null;
  for (const { name } of passedOver) fates.set(name, { kind: "passed over", arm: armOf(name) });
  for (const name of held) fates.set(name, { kind: "held", arm: armOf(name) });
  if (confirmed !== null)
    for (const { name, arm } of attempts[confirmed].matrices) fates.set(name, { kind: "confirmed", arm });
  return fates;
}
