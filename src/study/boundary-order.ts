/** @file The order in which matrices are given up: cheapest evidence first. Pure: runs nothing. */
import type { Arm } from "../crystal/arm.js";
import { actionOf } from "../crystal/planned-arm.js";
import { savedParameters } from "../records/effective-parameters.js";
import type { SeedDeltas } from "../statistics/joint-delta.js";
import { momentsOf } from "../statistics/paired-difference.js";
import { studentQuantile } from "../statistics/student-t.js";

export interface Candidate {
  /** Canonical name. */
  readonly name: string;
  readonly layer: number | null;
  readonly role: string;
  readonly rows: number;
  readonly cols: number;
}

/** What a single matrix costs under one arm. */
export interface SingleCost {
  readonly candidate: Candidate;
  readonly arm: Arm;
  readonly deltas: SeedDeltas;
}

export interface Evidence extends SingleCost {
  /** Percent; infinite where a trial diverged. */
  readonly mean: number;
  /** Upper end of the one-sided 95% interval of the mean, with the variance pooled over matrices; null from a single seed. */
  readonly high: number | null;
  /** Parameters that it saves; frozen ones need no gradient and no moments. */
  readonly saved: number;
}

export function parametersSaved(arm: Arm, { rows, cols }: Candidate): number {
  const action = actionOf(arm);
  if (action === null || action.action === "freeze") return rows * cols;
  return savedParameters({ ...action, rows, cols });
}

const tail = 0.05;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * One seed or two of each matrix tell little of its own variance; all matrices of an arm are taken to have the same, save those whose cost
 * is far off: theirs would drown the others'.
 */
function pooledDeviation(costs: readonly SingleCost[]): { deviation: number; freedom: number } {
  const moments = costs
    .map(({ deltas }) => deltas.map(([, delta]) => delta))
    .filter((values) => values.length > 1 && values.every(Number.isFinite))
    .map(momentsOf);
  const typical = median(moments.map(({ deviation }) => deviation ** 2));
  const pooled = moments.filter(({ deviation }) => deviation ** 2 <= 9 * typical);
  const freedom = pooled.reduce((sum, { n }) => sum + n - 1, 0);
  const squares = pooled.reduce((sum, { n, deviation }) => sum + (n - 1) * deviation ** 2, 0);
  return { deviation: Math.sqrt(squares / freedom), freedom };
}

const sameArm = (a: Arm, b: Arm) => a.kind === b.kind;

/** Cost for each parameter saved, from the upper bound of the cost (its mean where there is no bound); what costs nothing comes first, by its bound. */
export function orderByEvidence(costs: readonly SingleCost[]): Evidence[] {
  const evidence = costs.map((cost): Evidence => {
    const values = cost.deltas.map(([, delta]) => delta);
    const mean = values.some((value) => value === Number.POSITIVE_INFINITY)
      ? Number.POSITIVE_INFINITY
      : momentsOf(values).mean;
    const { deviation, freedom } = pooledDeviation(costs.filter(({ arm }) => sameArm(arm, cost.arm)));
    const high =
      values.length > 1 && freedom > 0 && Number.isFinite(mean)
        ? mean + (studentQuantile(tail, freedom) * deviation) / Math.sqrt(values.length)
        : null;
    return { ...cost, mean, high, saved: parametersSaved(cost.arm, cost.candidate) };
  });
  const bound = ({ high, mean }: Evidence) => high ?? mean;
  const price = (item: Evidence) =>
    item.saved === 0 ? Number.POSITIVE_INFINITY : Math.max(0, bound(item)) / item.saved;
  const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);
  return evidence.sort((a, b) => compare(price(a), price(b)) || compare(bound(a), bound(b)));
}
