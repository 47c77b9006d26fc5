/** @file How much two runs of one configuration differ: `full` against `full` on another data order. */
import type { TrialRecord } from "../records/trial-record.js";
import type { NoiseFloor } from "../records/verdicts-record.js";

/** Percent of the loss on the ordinary order, over the seeds that have both. The true mean is zero, so deviations are taken from zero. */
export function noiseFloorOf(trials: readonly TrialRecord[]): NoiseFloor {
  const lossOf = (purpose: TrialRecord["purpose"]) =>
    new Map(
      trials.flatMap((trial) =>
        trial.purpose === purpose && trial.arm === "full" && trial.outcome.kind === "finished"
          ? [[trial.seed, trial.outcome.heldOutLossAfter] as const]
          : [],
      ),
    );
  const ordinary = lossOf("sft");
  const deltas = [...lossOf("aa")].flatMap(([seed, loss]) => {
    const full = ordinary.get(seed);
    return full === undefined ? [] : [((loss - full) / full) * 100];
  });
  const n = deltas.length;
  if (n === 0) return { deltaStdPercent: null, meanAbsoluteDeltaPercent: null, n };
  return {
    deltaStdPercent: Math.sqrt(deltas.reduce((sum, delta) => sum + delta * delta, 0) / n),
    meanAbsoluteDeltaPercent: deltas.reduce((sum, delta) => sum + Math.abs(delta), 0) / n,
    n,
  };
}
