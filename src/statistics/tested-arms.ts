/** @file The arms of each tested matrix with their pairs and deltas, from the trials. Judges nothing. */

import { armAt, type SequenceArm, sequence } from "../records/arm-sequence.js";
import type { TrialRecord } from "../records/trial-record.js";
import { type ArmDeltas, prefixesOf } from "./arm-interval.js";
import type { Looks } from "./first-passage.js";
import { deltasPercent, type Pairs, pairUp } from "./paired-difference.js";
import type { MatrixArms } from "./sequence-test.js";

export interface TestedArm {
  /** Those that are judged. */
  readonly pairs: Pairs;
  readonly deltas: ArmDeltas;
}

export interface TestedMatrix {
  readonly matrices: readonly string[];
  readonly arms: ReadonlyMap<string, TestedArm>;
}

/** Numbers in a name as numbers: layer 2 before layer 10. */
const sortKey = (name: string) => name.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
const places: readonly string[] = sequence;
const place = (arm: string) => {
  const index = places.indexOf(arm.split(":")[0]);
  return index < 0 ? places.length : index;
};
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const only = ({ pairs, diverged }: Pairs, seeds: ReadonlySet<number>): Pairs => ({
  pairs: pairs.filter(({ seed }) => seeds.has(seed)),
  diverged: diverged.filter((seed) => seeds.has(seed)),
});

/** Of the first `count` seeds. */
export function firstSeeds(pairs: Pairs, count: number): Pairs {
  const seeds = [...pairs.pairs.map(({ seed }) => seed), ...pairs.diverged].sort((a, b) => a - b);
  return only(pairs, new Set(seeds.slice(0, count)));
}

/**
 * The seeds up to the first that is still to come. Looks are valid at the first 3, 4, ... seeds in a fixed order: where trials end out
 * of order, one that overtook another waits for it. A trial that failed is not waited for.
 * @param known seeds of which there are trials, ascending.
 */
function withoutOvertaking(
  pairs: Pairs,
  own: readonly TrialRecord[],
  full: readonly TrialRecord[],
  known: readonly number[],
): Pairs {
  const [ended, fullEnded] = [own, full].map((trials) => new Set(trials.map(({ seed }) => seed)));
  const first = Math.min(...ended);
  const gap =
    known.find((seed) => seed >= first && !(ended.has(seed) && fullEnded.has(seed))) ?? Number.POSITIVE_INFINITY;
  return only(pairs, new Set([...ended].filter((seed) => seed < gap)));
}

function deltasOf(pairs: Pairs, looks: Looks | undefined): ArmDeltas {
  const values = deltasPercent(pairs.pairs, "after");
  const deltas = { values, diverged: pairs.diverged.length };
  if (!looks) return deltas;
  const bySeed = [
    ...pairs.pairs.map(({ seed }, index) => [seed, values[index]] as const),
    ...pairs.diverged.map((seed) => [seed, Number.POSITIVE_INFINITY] as const),
  ].sort(([a], [b]) => a - b);
  return { ...deltas, looked: { looks, prefixes: prefixesOf(bySeed.map(([, delta]) => delta)) } };
}

/**
 * Arms of each tested matrix (several names joined by "+" where an arm treats them together), in an order that does not depend on
 * which trial was finished first.
 * @param looks judged after every seed: seeds beyond the last look are left out.
 */
export function testedMatrices(trials: readonly TrialRecord[], looks?: Looks): Map<string, TestedMatrix> {
  const paired = trials.filter(({ purpose }) => purpose === "sft");
  const full = paired.filter(({ arm, matrices }) => arm === "full" && matrices.length === 0);
  const known = [...new Set(paired.map(({ seed }) => seed))].sort((a, b) => a - b);
  const found = new Map<string, Map<string, TrialRecord[]>>();
  for (const trial of paired) {
    if (trial.matrices.length === 0) continue;
    const name = trial.matrices.join("+");
    const arms = found.get(name) ?? new Map<string, TrialRecord[]>();
    found.set(name, arms);
    const own = arms.get(trial.arm);
    if (own) own.push(trial);
    else arms.set(trial.arm, [trial]);
  }
  const tested = (own: readonly TrialRecord[]): TestedArm => {
    const all = pairUp([...full, ...own], own[0]);
    const pairs = looks ? firstSeeds(withoutOvertaking(all, own, full, known), looks.last) : all;
    return { pairs, deltas: deltasOf(pairs, looks) };
  };
  return new Map(
    [...found]
      .sort(([a], [b]) => compare(sortKey(a), sortKey(b)))
      .map(([name, arms]) => {
        const ordered = [...arms].sort(([a], [b]) => place(a) - place(b) || compare(sortKey(a), sortKey(b)));
        const [[, [{ matrices }]]] = ordered;
        return [name, { matrices, arms: new Map(ordered.map(([arm, own]) => [arm, tested(own)])) }];
      }),
  );
}

/** The arms that lead to a verdict. */
export function sequenceOf({ arms }: TestedMatrix): MatrixArms {
  const found: Partial<Record<SequenceArm, ArmDeltas>> = {};
  for (const place of sequence) {
    const arm = arms.get(armAt(place, arms.keys()) ?? "");
    if (arm) found[place] = arm.deltas;
  }
  return found;
}
