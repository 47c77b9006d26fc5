/** @file How far groups of weights have moved since an earlier time. Knows no rule and no learning rate. */
import type { FreezingGroup } from "./freezing-group.js";

/** Copies of the weights of some groups. */
export function weightsOf(
  groups: readonly FreezingGroup[],
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, Float32Array> {
  return new Map(groups.flatMap(({ names }) => names.map((name) => [name, weights.get(name)!.slice()])));
}

/**
 * @param earlier weights by name; groups that it lacks, and those whose norm is null, are left out.
 * @returns |now - earlier| / |now| in the 2-norm over all of a group's weights, by its key.
 */
export function relativeMovements(
  groups: readonly FreezingGroup[],
  earlier: ReadonlyMap<string, Float32Array>,
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, number> {
  const movements = new Map<string, number>();
  for (const { key, names } of groups) {
    if (!names.every((name) => earlier.has(name))) continue;
    let [change, norm] = [0, 0];
    for (const name of names) {
      const [now, before] = [weights.get(name)!, earlier.get(name)!];
      for (let i = 0; i < now.length; i++) {
        change += (now[i] - before[i]) ** 2;
        norm += now[i] ** 2;
      }
    }
    if (norm > 0) movements.set(key, Math.sqrt(change / norm));
  }
  return movements;
}
