/** @file The figures of one arm in the record of verdicts. Decides nothing. */
import type { ArmSummary, NoiseFloor } from "../records/verdicts-record.js";
import { type ArmInterval, pBelowOverLooks } from "./arm-interval.js";
import { pBelow } from "./paired-difference.js";
import { firstSeeds, type TestedArm } from "./tested-arms.js";

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of an arm that is decided before its newest seed, the pairs that decided it. */
export function shownPairs({ pairs }: TestedArm, { decidedAt }: ArmInterval): TestedArm["pairs"] {
  return decidedAt === undefined ? pairs : firstSeeds(pairs, decidedAt);
}

/** Nats per token below which a damage may be noise; NaN where the floor is unknown, so that nothing exceeds it. */
export function floorNats({ deltaStdPercent }: NoiseFloor, pairs: TestedArm["pairs"]["pairs"]): number {
  return ((deltaStdPercent ?? Number.NaN) / 100) * mean(pairs.map(({ full }) => full.heldOutLossAfter));
}

export function summarize(arm: TestedArm, interval: ArmInterval, margin: number, floor: NoiseFloor): ArmSummary {
  const { pairs, diverged } = shownPairs(arm, interval);
  const { values, looked } = arm.deltas;
  const damage = mean(pairs.map(({ own, full }) => own.heldOutLossBefore - full.heldOutLossBefore));
  const left = mean(pairs.map(({ own, full }) => own.heldOutLossAfter - full.heldOutLossAfter));
  // Of the seeds that the interval shows.
  const prefixes = looked?.prefixes.slice(0, interval.decidedAt);
  const p = looked && prefixes ? pBelowOverLooks({ ...looked, prefixes }, margin) : pBelow(values, margin);
  return {
    meanDeltaPercent: finite(interval.mean),
    low: finite(interval.low),
    high: finite(interval.high),
    n: pairs.length + diverged.length,
    diverged: diverged.length,
    pNoninferior: diverged.length > 0 || pairs.length === 0 ? null : p,
    damage: finite(damage),
    // A diverged seed recovers nothing, so the mean over the others is no answer.
    recovery: diverged.length === 0 && damage > floorNats(floor, pairs) ? finite(1 - left / damage) : null,
    holds: interval.holds,
    shownWorse: interval.shownWorse,
    ...(interval.decidedAt === undefined ? {} : { decidedAt: interval.decidedAt }),
  };
}
