/** @file A fine-tuning with frozen matrices beside the plain one of the same seed: losses, and seconds to the same loss. */
import type { FineTuningRecord, PairedComparison } from "../records/sft-record.js";

type Point = readonly [number, number];

/**
 * Training seconds at which the held-out loss first is at most `loss`, on straight lines between the evaluations.
 * @param curves points of both at the same steps. @returns null where it never is.
 */
export function secondsToLoss(
  { heldOutCurve, secondsCurve }: Pick<FineTuningRecord, "heldOutCurve" | "secondsCurve">,
  loss: number,
): number | null {
  const secondsAt = new Map<number, number>(secondsCurve);
  let before: Point | null = null;
  for (const [step, reached] of heldOutCurve) {
    const seconds = secondsAt.get(step) ?? 0;
    if (reached <= loss) {
      if (before === null) return seconds;
      const [secondsBefore, lossBefore] = before;
      return secondsBefore + ((lossBefore - loss) / (lossBefore - reached)) * (seconds - secondsBefore);
    }
    before = [seconds, reached];
  }
  return null;
}

const percentOf = (value: number, reference: number) => (100 * (value - reference)) / reference;

/** @param frozen with the plan or progressive freezing; of the same seed as `plain`. */
export function pairedComparison(frozen: FineTuningRecord, plain: FineTuningRecord): PairedComparison {
  const sharedLoss = Math.max(frozen.bestLoss, plain.bestLoss);
  const [frozenSeconds, plainSeconds] = [frozen, plain].map((one) => secondsToLoss(one, sharedLoss) ?? one.seconds);
  return {
    ...{ seed: frozen.seed, frozen, plain, sharedLoss, frozenSeconds, plainSeconds },
    speedUp: frozenSeconds > 0 && plainSeconds > 0 ? plainSeconds / frozenSeconds : null,
    lastDeltaPercent: percentOf(frozen.lastLoss, plain.lastLoss),
    bestDeltaPercent: percentOf(frozen.bestLoss, plain.bestLoss),
  };
}
