/** @file Searches an order of matrices for the largest set that can go together. Knows no trials: a set's cost is asked for. */
import type { ArmOfMatrix } from "../crystal/trial-spec.js";

export type MatrixSet = readonly ArmOfMatrix[];

/** Whether a set stays within the margin, as far as the search can tell; null: the budget does not allow to find out. */
export type Holds = (set: MatrixSet) => Promise<boolean | null>;

export interface BoundarySearchOptions {
  /** Matrices that may be passed over because the set fails with them. */
  readonly mostPassedOver: number;
}

export interface BoundarySearch {
  /** The largest set that holds; empty where none does. */
  readonly held: MatrixSet;
  /** Those that the set failed with, and how many it had without them. */
  readonly passedOver: readonly { readonly name: string; readonly size: number }[];
  readonly stopped: "complete" | "budget" | "passed over enough";
}

/** 1, 2, 4, ... and all. */
export function doublingSizes(count: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < count; size *= 2) sizes.push(size);
  return count > 0 ? [...sizes, count] : [];
}

class OutOfBudget extends Error {}

/**
 * The first 1, 2, 4, ... and all of the order are tried, whatever the others show: they are the curve. Between the largest that holds and
 * the next that fails, bisection. The matrix at which it then fails is passed over, and the set grows on without it, by ever longer
 * steps, until as many were passed over as may be.
 * @param order best first.
 */
export async function searchBoundary(
  order: MatrixSet,
  holds: Holds,
  { mostPassedOver }: BoundarySearchOptions,
): Promise<BoundarySearch> {
  const passedOver: { name: string; size: number }[] = [];
  let kept: MatrixSet = [];
  const ask = async (set: MatrixSet): Promise<boolean> => {
    const answer = await holds(set);
    if (answer === null) throw new OutOfBudget();
    return answer;
  };
  /** Number of `pending` that can be added to `kept`, known to be at least `low` and less than `high`. */
  const bisect = async (pending: MatrixSet, low: number, high: number): Promise<number> => {
    let [holding, failing] = [low, high];
    while (failing - holding > 1) {
      const middle = Math.floor((holding + failing) / 2);
      if (await ask([...kept, ...pending.slice(0, middle)])) holding = middle;
      else failing = middle;
    }
    return holding;
  };
  const done = (stopped: BoundarySearch["stopped"]): BoundarySearch => ({ held: kept, passedOver, stopped });
  try {
    const tried: { size: number; holding: boolean }[] = [];
    for (const size of doublingSizes(order.length)) {
      const holding = await ask(order.slice(0, size));
      tried.push({ size, holding });
      if (holding) kept = order.slice(0, size);
    }
    const failing = tried.find(({ size }) => size > kept.length);
    if (failing) {
      const begin = kept.length;
      const rest = order.slice(begin);
      kept = [...kept, ...rest.slice(0, await bisect(rest, 0, failing.size - begin))];
    }
    let pending = order.slice(kept.length);
    while (pending.length > 0) {
      // The first of them is known to fail.
      if (passedOver.length === mostPassedOver) return done("passed over enough");
      passedOver.push({ name: pending[0].name, size: kept.length });
      pending = pending.slice(1);
      let added = 0;
      let next = 1;
      while (added < pending.length) {
        const step = Math.min(next, pending.length);
        if (!(await ask([...kept, ...pending.slice(0, step)]))) {
          added = await bisect(pending, added, step);
          break;
        }
        added = step;
        next = 2 * step;
      }
      kept = [...kept, ...pending.slice(0, added)];
      pending = pending.slice(added);
    }
    return done("complete");
  } catch (error) {
    if (error instanceof OutOfBudget) return done("budget");
    throw error;
  }
}
