/** @file The figures of an arm over its seeds, from the trials and their verdicts. Runs nothing. */
import type { ArmFigures, Estimate } from "../records/arm-figures.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { type ArmOfMatrices, deltasPercent, estimateMean, type Pair, pairUp } from "./paired-difference.js";

interface FinishedTrial {
  readonly seed: number;
  readonly outcome: FinishedOutcome;
}

const nothing: Estimate = { mean: null, low: null, high: null, n: 0 };

function finishedTrials(trials: readonly TrialRecord[], { arm, matrices }: ArmOfMatrices): FinishedTrial[] {
  return trials.flatMap(({ seed, outcome, ...trial }) =>
    trial.purpose === "sft" &&
    trial.arm === arm &&
    (arm === "full" || trial.matrices.join() === matrices.join()) &&
    outcome.kind === "finished"
      ? [{ seed, outcome }]
      : [],
  );
}

function curveOf(finished: readonly FinishedTrial[]): ArmFigures["curve"] {
  const steps = finished[0]?.outcome.curve.map(([step]) => step) ?? [];
  return steps.map((step, index) => {
    const losses = finished.map(({ outcome }) => outcome.curve[index][1]);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return { step, mean, low: Math.min(...losses), high: Math.max(...losses) };
  });
}

/** One seed, last training loss: how the paper compares. */
function likePaper(trials: readonly TrialRecord[], which: ArmOfMatrices): ArmFigures["likePaper"] {
  const [full] = finishedTrials(trials, { arm: "full", matrices: [] });
  const own = finishedTrials(trials, which).find(({ seed }) => seed === full?.seed);
  if (!full || !own) return { trainLossLast: null, deltaPercent: null };
  const { trainLossLast } = own.outcome;
  const baseline = full.outcome.trainLossLast;
  return { trainLossLast, deltaPercent: which.arm === "full" ? null : ((trainLossLast - baseline) / baseline) * 100 };
}

/** Of trials that measured general text; nothing where none did. */
function generalFigures(
  pairs: readonly Pair[],
  finished: readonly FinishedTrial[],
  { arm }: ArmOfMatrices,
  confidence: number,
): Pick<ArmFigures, "generalLossAfter" | "generalDeltaPercent"> {
  const losses = finished.flatMap(({ outcome }) => outcome.generalLossAfter ?? []);
  if (losses.length === 0) return {};
  const deltas = pairs.flatMap(({ full, own }) =>
    full.generalLossAfter === undefined || own.generalLossAfter === undefined
      ? []
      : [((own.generalLossAfter - full.generalLossAfter) / full.generalLossAfter) * 100],
  );
  return {
    generalLossAfter: estimateMean(losses, confidence),
    ...(arm !== "full" && { generalDeltaPercent: estimateMean(deltas, confidence) }),
  };
}

/** @param which for `full`, which treats no matrix, the deltas do not exist. */
export function armFiguresOf(
  trials: readonly TrialRecord[],
  which: ArmOfMatrices,
  verdicts: VerdictsRecord,
): ArmFigures {
  const { confidence } = verdicts;
  const finished = finishedTrials(trials, which);
  const over = (select: (outcome: FinishedOutcome) => number) =>
    estimateMean(
      finished.map(({ outcome }) => select(outcome)),
      confidence,
    );
  const judged = verdicts.matrices.find(({ name }) => name === which.matrices.join("+"))?.arms[which.arm];
  const { pairs } = pairUp(trials, which);
  return {
    lossBefore: over((outcome) => outcome.heldOutLossBefore),
    lossAfter: over((outcome) => outcome.heldOutLossAfter),
    deltaBeforePercent: which.arm === "full" ? nothing : estimateMean(deltasPercent(pairs, "before"), confidence),
    deltaPercent: judged ? { mean: judged.meanDeltaPercent, low: judged.low, high: judged.high, n: judged.n } : nothing,
    ...generalFigures(pairs, finished, which, confidence),
    likePaper: likePaper(trials, which),
    curve: curveOf(finished),
  };
}
