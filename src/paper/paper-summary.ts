/** @file From trials, scan and verdicts to the record that stands the paper's figures beside ours. Pure: computes no trial. */

import { version } from "../foundation/version.js";
import type { Estimate, PaperArmRow, PaperLayerRow, PaperRecord } from "../records/paper-record.js";
import type { ScanRecord } from "../records/scan-record.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { deltasPercent, estimateMean, pairUp } from "../statistics/paired-difference.js";
import type { LearningRateCandidate } from "../study/learning-rate.js";
import type { BaseTraining } from "./base-training.js";
import type { PaperPreset } from "./preset.js";
import { printedArms, printedLayers, printedTarget, target } from "./printed-figures.js";

export interface PaperResults {
  readonly preset: PaperPreset;
  readonly model: {
    readonly architecture: string;
    readonly parameters: number;
    readonly vocabularySize: number;
    readonly sha256: string;
  };
  readonly corpus: Omit<PaperRecord["corpus"], "trainTokens" | "heldOutTokens">;
  readonly base: BaseTraining;
  readonly learningRate: number;
  readonly learningRateCandidates: readonly LearningRateCandidate[];
  readonly scoredTokensPerStep: number;
  readonly trials: readonly TrialRecord[];
  readonly verdicts: VerdictsRecord;
  readonly scan: ScanRecord;
  readonly spectrum: PaperRecord["spectrum"];
  readonly wallSeconds: number;
}

interface FinishedTrial {
  readonly seed: number;
  readonly outcome: FinishedOutcome;
}

function finishedTrials(trials: readonly TrialRecord[], arm: string): FinishedTrial[] {
  return trials.flatMap(({ seed, outcome, ...trial }) =>
    trial.purpose === "sft" && trial.arm === arm && outcome.kind === "finished" ? [{ seed, outcome }] : [],
  );
}

function curveOf(finished: readonly FinishedTrial[]): PaperArmRow["curve"] {
  const steps = finished[0]?.outcome.curve.map(([step]) => step) ?? [];
  return steps.map((step, index) => {
    const losses = finished.map(({ outcome }) => outcome.curve[index][1]);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return { step, mean, low: Math.min(...losses), high: Math.max(...losses) };
  });
}

/** One seed, last training loss: how the paper compares. */
function likePaper(trials: readonly TrialRecord[], arm: string): PaperArmRow["likePaper"] {
  const [full] = finishedTrials(trials, "full");
  const own = finishedTrials(trials, arm).find(({ seed }) => seed === full?.seed);
  if (!full || !own) return { trainLossLast: null, deltaPercent: null };
  const { trainLossLast } = own.outcome;
  const baseline = full.outcome.trainLossLast;
  return { trainLossLast, deltaPercent: arm === "full" ? null : ((trainLossLast - baseline) / baseline) * 100 };
}

/** The intervals of a judgement, in place of those that a record has: for another margin or confidence. */
export function withVerdicts(record: PaperRecord, verdicts: VerdictsRecord): PaperRecord {
  const judged = verdicts.matrices.find(({ name }) => name === record.target)?.arms ?? {};
  const arms = record.arms.map((row) => {
    const summary = judged[row.arm];
    if (!summary) return row;
    const { meanDeltaPercent: mean, low, high, n } = summary;
    return { ...row, deltaPercent: { mean, low, high, n } };
  });
  return { ...record, arms, verdicts };
}

function armRow(arm: string, { trials, verdicts }: PaperResults): PaperArmRow {
  const printed = printedArms[arm];
  const finished = finishedTrials(trials, arm);
  const { confidence } = verdicts;
  const nothing: Estimate = { mean: null, low: null, high: null, n: 0 };
  const over = (select: (outcome: FinishedOutcome) => number) =>
    estimateMean(
      finished.map(({ outcome }) => select(outcome)),
      confidence,
    );
  const judged = verdicts.matrices.find(({ name }) => name === target)?.arms[arm];
  const { pairs } = pairUp(trials, { arm, matrices: [target] });
  return {
    arm,
    label: printed.label,
    paper: {
      finalLoss: printed.finalLoss,
      deltaPercent: printed.deltaPercent,
      deltaBeforePercent: printed.deltaBeforePercent,
    },
    lossBefore: over((outcome) => outcome.heldOutLossBefore),
    lossAfter: over((outcome) => outcome.heldOutLossAfter),
    deltaBeforePercent: arm === "full" ? nothing : estimateMean(deltasPercent(pairs, "before"), confidence),
    deltaPercent: judged ? { mean: judged.meanDeltaPercent, low: judged.low, high: judged.high, n: judged.n } : nothing,
    likePaper: likePaper(trials, arm),
    curve: curveOf(finished),
  };
}

function layerRows(layers: number): PaperLayerRow[] {
  return Array.from({ length: layers }, (_, layer) => {
    const printed = printedLayers.find((row) => row.layer === layer);
    return {
      layer,
      paper: {
        cAttnPr: printed?.cAttnPr ?? null,
        cProjPr: printed?.cProjPr ?? null,
        cProjPc1Percent: printed?.cProjPc1Percent ?? null,
      },
    };
  });
}

export function paperSummary(results: PaperResults): PaperRecord {
  const { preset, model, corpus, base, verdicts, scan, spectrum } = results;
  return {
    schema: "deadweight/paper@1",
    version,
    preset: preset.name,
    target,
    model: {
      ...model,
      layers: preset.model.layers,
      width: preset.model.width,
      heads: preset.model.heads,
      context: preset.model.contextLength,
    },
    corpus: { ...corpus, trainTokens: base.trainTokens, heldOutTokens: base.heldOutTokens },
    base: {
      steps: base.steps,
      tokensPerStep: base.tokensPerStep,
      trainCurve: base.trainCurve,
      heldOutCurve: base.heldOutCurve,
      heldOutLoss: base.heldOutCurve.at(-1)![1],
      wallSeconds: base.seconds,
    },
    sft: {
      steps: preset.sft.steps,
      learningRate: results.learningRate,
      learningRateCandidates: results.learningRateCandidates.map((candidate) => ({ ...candidate })),
      scoredTokensPerStep: results.scoredTokensPerStep,
      seeds: [...verdicts.seeds],
    },
    arms: Object.keys(printedArms).map((arm) => armRow(arm, results)),
    layers: layerRows(preset.model.layers),
    scan,
    spectrum,
    verdicts,
    printed: { ...printedTarget },
    wallSeconds: results.wallSeconds,
  };
}
