/** @file From trials, scan and verdicts to the record that stands the paper's figures beside ours. Pure: computes no trial. */

import { version } from "../foundation/version.js";
import type { PaperArmRow, PaperLayerRow, PaperRecord } from "../records/paper-record.js";
import type { ScanRecord } from "../records/scan-record.js";
import type { TrialRecord } from "../records/trial-record.js";
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { armFiguresOf } from "../statistics/arm-figures.js";
import { withInterval } from "../statistics/rejudged.js";
import type { LearningRateCandidate } from "../study/learning-rate.js";
import type { BaseTraining } from "./base-training.js";
import type { PaperPreset } from "./preset.js";
import { printedArms, printedLayers, printedTarget, target } from "./printed-figures.js";

export interface PaperResults {
  readonly preset: PaperPreset;
  /** What computed. */
  readonly engine: string;
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

/** The intervals of a judgement, in place of those that a record has: for another margin or confidence. */
export function withVerdicts(record: PaperRecord, verdicts: VerdictsRecord): PaperRecord {
  const judged = verdicts.matrices.find(({ name }) => name === record.target);
  const arms = record.arms.map((row) => withInterval(row, judged));
  return { ...record, arms, verdicts };
}

function armRow(arm: string, { trials, verdicts }: PaperResults): PaperArmRow {
  const printed = printedArms[arm];
  return {
    arm,
    label: printed.label,
    paper: {
      finalLoss: printed.finalLoss,
      deltaPercent: printed.deltaPercent,
      deltaBeforePercent: printed.deltaBeforePercent,
    },
    ...armFiguresOf(trials, { arm, matrices: arm === "full" ? [] : [target] }, verdicts),
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
      backend: results.engine,
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
