/** @file The figures of an arm over its seeds, from the trials and their verdicts. Runs nothing. */
import type { ArmFigures, CurvePoint, Estimate } from "../records/arm-figures.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import type { ArmSummary, VerdictsRecord } from "../records/verdicts-record.js";
import { type ArmOfMatrices, deltasPercent, estimateMean, type Pair, pairUp } from "./paired-difference.js";
import { firstSeeds } from "./tested-arms.js";

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

function pointAt(step: number, values: readonly number[]): CurvePoint {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { step, mean, low: Math.min(...values), high: Math.max(...values) };
}

/** Steps that some curve lacks, or at which it is not finite, are left out. */
function meanCurve(curves: readonly ReadonlyMap<number, number>[]): CurvePoint[] {
  return [...(curves[0]?.keys() ?? [])].flatMap((step) => {
    const values = curves.map((curve) => curve.get(step) ?? Number.NaN);
    return values.every(Number.isFinite) ? [pointAt(step, values)] : [];
  });
}

/** Percent of full's loss by step: paired, so that what seeds differ in cancels as it does in the delta of the verdict. */
function relativeCurve({ own, full }: Pair): Map<number, number> {
  const baseline = new Map(full.curve);
  return new Map(
    own.curve.map(([step, loss]) => {
      const reference = baseline.get(step) ?? Number.NaN;
      return [step, ((loss - reference) / reference) * 100];
    }),
  );
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
  outcomes: readonly FinishedOutcome[],
  { arm }: ArmOfMatrices,
  confidence: number,
): Pick<ArmFigures, "generalLossAfter" | "generalDeltaPercent"> {
  const losses = outcomes.flatMap(({ generalLossAfter }) => generalLossAfter ?? []);
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

/**
 * The pairs that the delta of the verdict rests on. What was judged is always the first seeds of those that ended: all of them where it
 * was judged once, those up to the deciding look (or the newest) where it was judged after every seed.
 */
function judgedPairs(
  trials: readonly TrialRecord[],
  which: ArmOfMatrices,
  judged: ArmSummary | undefined,
): readonly Pair[] {
  const all = pairUp(trials, which);
  return (judged ? firstSeeds(all, judged.n) : all).pairs;
}

/** @param which for `full`, which treats no matrix, the deltas do not exist and every seed that finished counts. */
export function armFiguresOf(
  trials: readonly TrialRecord[],
  which: ArmOfMatrices,
  verdicts: VerdictsRecord,
): ArmFigures {
  const { confidence } = verdicts;
  const isFull = which.arm === "full";
  const judged = verdicts.matrices.find(({ name }) => name === which.matrices.join("+"))?.arms[which.arm];
  const pairs = isFull ? [] : judgedPairs(trials, which, judged);
  // Without a judged seed there is no delta that the losses could contradict.
  const outcomes =
    !isFull && judged && judged.n > 0
      ? pairs.map(({ own }) => own)
      : finishedTrials(trials, which).map(({ outcome }) => outcome);
  const over = (select: (outcome: FinishedOutcome) => number) => estimateMean(outcomes.map(select), confidence);
  return {
    lossBefore: over((outcome) => outcome.heldOutLossBefore),
    lossAfter: over((outcome) => outcome.heldOutLossAfter),
    deltaBeforePercent: isFull ? nothing : estimateMean(deltasPercent(pairs, "before"), confidence),
    deltaPercent: judged ? { mean: judged.meanDeltaPercent, low: judged.low, high: judged.high, n: judged.n } : nothing,
    ...generalFigures(pairs, outcomes, which, confidence),
    likePaper: likePaper(trials, which),
    curve: meanCurve(outcomes.map(({ curve }) => new Map(curve))),
    ...(!isFull && { deltaCurve: meanCurve(pairs.map(relativeCurve)) }),
  };
}
