/** @file The actions of a boundary search and the arms of its matrices in words. Knows no figures. */

/** Completes "... matrices can be ... together". */
const done: Readonly<Record<string, string>> = {
  freeze: "frozen",
  crystal: "crystallized",
  random: "replaced by random values",
  zero: "replaced by zeros",
  cheapest: "randomised, crystallized or frozen",
};

/** What is done to each matrix, for who reads how it was tested. */
const meanings: Readonly<Record<string, string>> = {
  freeze: "the matrix keeps its trained values and is not trained",
  crystal: "it is replaced by its best approximation of low rank (truncated SVD) and not trained",
  random:
    "it is replaced by i.i.d. normal values of its own standard deviation, drawn anew for each seed, and not trained",
  zero: "it is replaced by zeros and not trained",
  cheapest: "of random values, low rank and freezing the first that holds for the matrix alone",
};

const rankOf = (name: string) => name.split(":")[1];

/** `crystal:4`: "crystallized at rank 4". */
export function actionDone(action: string): string {
  const [kind] = action.split(":");
  const rank = rankOf(action);
  return `${done[kind] ?? `treated by ${kind}`}${rank === undefined ? "" : ` at rank ${rank}`}`;
}

export function actionMeaning(action: string): string {
  const [kind] = action.split(":");
  const rank = rankOf(action);
  const chosen =
    kind === "crystal" ? (rank === undefined ? ", the rank chosen for each matrix" : `, rank ${rank}`) : "";
  return `${meanings[kind] ?? "as its name says"}${chosen}`;
}

/** What was done to one matrix, short: "frozen", "rank 4", "random". */
export function armWord(arm: string): string {
  const [kind] = arm.split(":");
  return kind === "crystal" ? `rank ${rankOf(arm) ?? 1}` : kind;
}
