/** @file What is treated in controls of the test itself: a planted matrix, and single entries scattered over all matrices. Runs nothing. */
import { randomStream } from "../foundation/random.js";
import type { ParameterSpec } from "../model/language-model.js";
import type { PinnedEntries } from "../training/trainer.js";

/** Canonical name of the planted matrix. */
export const plantedMatrix = "planted";

const scattered = /^scattered\((\d+)\)$/;

/** Name of a set of entries that are frozen wherever they lie, to be treated in place of a matrix. */
export const scatteredName = (entries: number): string => `scattered(${entries})`;

/** @returns the number of entries; null for a matrix's name. */
export function scatteredCount(name: string): number | null {
  const found = scattered.exec(name);
  return found === null ? null : Number(found[1]);
}

/** Initial values of the planted matrix, the same in every trial: i.i.d. normal of variance 1 / width. [width, width] */
export function plantedValues(width: number): Float32Array {
  const values = new Float32Array(width * width);
  randomStream(0, "planted matrix").fillNormal(values, 1 / Math.sqrt(width));
  return values;
}

/** Draws entries from all 2-D weights, each as likely as any other, and holds them at their trained values. */
export function scatteredEntries(
  parameters: readonly ParameterSpec[],
  weights: ReadonlyMap<string, Float32Array>,
  count: number,
  seed: number,
): PinnedEntries {
  const matrices = parameters.filter(({ shape }) => shape.length === 2).map(({ name }) => name);
  const total = matrices.reduce((sum, name) => sum + weights.get(name)!.length, 0);
  const chosen = distinct(Math.min(count, total), total, seed);
  const pinned = new Map<string, { indices: Uint32Array; values: Float32Array }>();
  let [begin, next] = [0, 0];
  for (const name of matrices) {
    const trained = weights.get(name)!;
    let end = next;
    while (end < chosen.length && chosen[end] < begin + trained.length) end++;
    const indices = Uint32Array.from(chosen.subarray(next, end), (place) => place - begin);
    if (indices.length > 0)
      pinned.set(name, { indices, values: Float32Array.from(indices, (index) => trained[index]) });
    [begin, next] = [begin + trained.length, end];
  }
  return pinned;
}

/** `count` different integers below `total`, ascending: Floyd's algorithm (Bentley & Floyd 1987). */
function distinct(count: number, total: number, seed: number): Float64Array {
  const chance = randomStream(seed, "scattered entries");
  const chosen = new Set<number>();
  for (let last = total - count; last < total; last++) {
    const drawn = chance.integer(last + 1);
    chosen.add(chosen.has(drawn) ? last : drawn);
  }
  return Float64Array.from(chosen).sort();
}
