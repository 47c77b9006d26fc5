/** @file The record of a test of twelve matrices and a group, by formula. Its figures are plausible, not measured. */
import type { ArmFigures, Estimate } from "../src/records/arm-figures.js";
import type { TestedTarget, TestRecord } from "../src/records/test-record.js";
import type { ArmSummary, MatrixVerdict } from "../src/records/verdicts-record.js";

const seeds = [1, 2, 3];
const n = seeds.length;
const margin = 0.5;
const steps = 50;
const lossBefore = 2.8134;
const lossAfter = 1.9472;

const nothing: Estimate = { mean: null, low: null, high: null, n: 0 };
const around = (mean: number, halfWidth: number): Estimate => ({
  mean,
  low: mean - halfWidth,
  high: mean + halfWidth,
  n,
});

interface ArmShape {
  /** Nats per token at step 0, against full. */
  readonly damage: number;
  /** After the last step; null for an arm of which a seed diverged. */
  readonly deltaPercent: number | null;
  readonly halfWidth: number;
}

type Arm = "frozen" | "crystal" | "random";
type Verdict = MatrixVerdict["verdict"];

const shape = (damage: number, deltaPercent: number | null, halfWidth: number): ArmShape => ({
  damage,
  deltaPercent,
  halfWidth,
});

/** One seed of its random arm diverged. */
const divergedName = "layers.5.mlp.down_proj";

const shapes: Readonly<Record<Verdict, Readonly<Record<Arm, ArmShape>>>> = {
  redundant: { frozen: shape(0, 0.021, 0.11), crystal: shape(0.031, 0.084, 0.19), random: shape(0.142, 0.152, 0.27) },
  "low-rank": { frozen: shape(0, 0.034, 0.13), crystal: shape(0.048, 0.141, 0.29), random: shape(0.311, 1.42, 0.61) },
  freezable: { frozen: shape(0, 0.062, 0.21), crystal: shape(0.402, 2.14, 0.83), random: shape(1.21, 11.3, 3.2) },
  needed: { frozen: shape(0, 1.31, 0.44), crystal: shape(0.871, 4.62, 1.9), random: shape(2.03, 22.8, 5.1) },
  undecided: { frozen: shape(0, 0.153, 0.24), crystal: shape(0.093, 0.312, 0.62), random: shape(0.214, 0.587, 1.04) },
};

const attention: readonly Verdict[] = ["needed", "undecided", "low-rank", "redundant", "redundant", "low-rank"];
const mlp: readonly Verdict[] = ["needed", "freezable", "freezable", "undecided", "freezable", "freezable"];

/** Falls from the loss before to the loss after; what the arm adds falls from its damage to its delta. */
function curve({ damage, deltaPercent }: ArmShape): ArmFigures["curve"] {
  return [0, 10, 20, 30, 40, steps].map((step) => {
    const done = (1 - Math.exp(-step / 15)) / (1 - Math.exp(-steps / 15));
    const added = damage * (1 - done) + ((deltaPercent ?? 0) / 100) * lossAfter * done;
    const mean = lossBefore + (lossAfter - lossBefore) * done + added;
    const spread = 0.002 + 0.011 * done;
    return { step, mean, low: mean - spread, high: mean + 1.2 * spread };
  });
}

function figures(arm: ArmShape): ArmFigures {
  const { damage, deltaPercent, halfWidth } = arm;
  return {
    lossBefore: around(lossBefore + damage, 0.0004 + damage * 0.03),
    lossAfter: deltaPercent === null ? nothing : around(lossAfter * (1 + deltaPercent / 100), 0.0142),
    deltaBeforePercent: around((damage / lossBefore) * 100, damage),
    deltaPercent: deltaPercent === null ? { ...nothing, n } : around(deltaPercent, halfWidth),
    likePaper: { trainLossLast: 1.9011, deltaPercent },
    curve: deltaPercent === null ? [] : curve(arm),
  };
}

function summary({ damage, deltaPercent, halfWidth }: ArmShape): ArmSummary {
  const [low, high] = deltaPercent === null ? [null, null] : [deltaPercent - halfWidth, deltaPercent + halfWidth];
  return {
    meanDeltaPercent: deltaPercent,
    low,
    high,
    n,
    diverged: deltaPercent === null ? 1 : 0,
    pNoninferior: high === null ? 1 : high < margin ? 0.0011 : 0.21,
    damage,
    recovery: damage < 0.01 || deltaPercent === null ? null : 1 - (deltaPercent * lossAfter) / 100 / damage,
    holds: high !== null && high < margin,
    shownWorse: low !== null && low > margin,
  };
}

interface Tested {
  readonly matrices: TestedTarget["matrices"];
  readonly verdict: Verdict;
}

const nameOf = ({ matrices }: Tested) => matrices.map(({ name }) => name).join("+");

/** No two targets are alike: deeper ones differ a little, groups cost more. */
function armsOf(tested: Tested): [string, ArmShape][] {
  const factor = 0.88 + 0.04 * (tested.matrices[0].layer ?? 0) + 0.1 * (tested.matrices.length - 1);
  return Object.entries(shapes[tested.verdict]).map(([arm, one]) => {
    const diverged = nameOf(tested) === divergedName && arm === "random";
    return [arm, shape(one.damage * factor, diverged ? null : one.deltaPercent! * factor, one.halfWidth * factor)];
  });
}

function target(tested: Tested): TestedTarget {
  return {
    name: nameOf(tested),
    matrices: tested.matrices.map((one) => ({ ...one })),
    parameters: tested.matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
    arms: armsOf(tested).map(([arm, one]) => ({ arm, ...figures(one) })),
  };
}

function verdict(tested: Tested): MatrixVerdict {
  return {
    name: nameOf(tested),
    verdict: tested.verdict,
    arms: Object.fromEntries(armsOf(tested).map(([arm, one]) => [arm, summary(one)])),
    ...(tested.verdict === "undecided" && {
      strongestClaim: "at least freezable: frozen holds",
      seedsToDecide: tested.matrices[0].layer === 1 ? 11 : null,
    }),
  };
}

const matrix = (layer: number, role: "self_attn.o_proj" | "mlp.down_proj") => ({
  name: `layers.${layer}.${role}`,
  layer,
  role,
  rows: 288,
  cols: role === "mlp.down_proj" ? 768 : 288,
});

const targets: readonly Tested[] = [
  ...attention.flatMap((verdict, layer): Tested[] => [
    { matrices: [matrix(layer, "self_attn.o_proj")], verdict },
    { matrices: [matrix(layer, "mlp.down_proj")], verdict: mlp[layer] },
  ]),
  { matrices: attention.map((_, layer) => matrix(layer, "self_attn.o_proj")), verdict: "needed" },
];

/** Six layers, attention outputs and MLP outputs, the former also together; all five verdicts, all controls passed. Tests change what they are about. */
export function sampleTestRecord(): TestRecord {
  return {
    schema: "deadweight/test@1",
    version: "0.1.0",
    model: {
      source: "stories15M",
      sha256: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
      architecture: "llama",
      parameters: 15_191_712,
      contextLength: 256,
      vocabularySize: 32_000,
    },
    data: {
      sources: ["gsm8k_train.jsonl"],
      evalSources: [],
      format: "question-answer",
      chatTemplate: null,
      trainOn: "completion",
      maxLength: 256,
      examples: { training: 6912, heldOut: 128, calibrationTraining: 256, calibrationHeldOut: 64 },
      scoredTokens: { training: 798_112, heldOut: 14_902 },
      rows: { read: 7473, truncated: 212, withoutScored: 9, repeated: 2, beyond: 102 },
    },
    sft: {
      steps,
      learningRate: 0.0003,
      learningRateCandidates: [
        { learningRate: 0.0001, heldOutLoss: 2.1134 },
        { learningRate: 0.0003, heldOutLoss: 1.9521 },
        { learningRate: 0.001, heldOutLoss: 1.9873 },
        { learningRate: 0.003, heldOutLoss: null },
      ],
      rows: 4,
      length: 256,
      slots: 512,
      rowsAtOnce: 4,
      scoredTokensPerStep: 487.2,
      seeds: [...seeds],
    },
    full: { ...figures(shape(0, 0, 0)), deltaPercent: nothing, deltaBeforePercent: nothing },
    targets: targets.map(target),
    verdicts: {
      schema: "deadweight/verdicts@1",
      version: "0.1.0",
      margin,
      confidence: 0.95,
      seeds: [...seeds],
      floor: { deltaStdPercent: 0.14, meanAbsoluteDeltaPercent: 0.11, n: 3 },
      controls: {
        "frozen weights unchanged": {
          passed: true,
          text: "The bytes of every frozen weight are the same before and after, in 117 trials.",
        },
        "full learns": { passed: true, text: "The held-out loss of `full` falls in all 3 seeds." },
      },
      warnings: [`1 trials diverged: sft random ${divergedName} seed 2.`],
      matrices: targets.map(verdict),
    },
    trials: { finished: 122, diverged: 1, failed: 0 },
    trialSeconds: 3312,
  };
}

/** What a run leaves that was stopped before its first trial: targets without figures, nothing decided. */
export function emptyTestRecord(): TestRecord {
  const record = sampleTestRecord();
  const none: ArmFigures = {
    lossBefore: nothing,
    lossAfter: nothing,
    deltaBeforePercent: nothing,
    deltaPercent: nothing,
    likePaper: { trainLossLast: null, deltaPercent: null },
    curve: [],
  };
  const noSummary: ArmSummary = {
    meanDeltaPercent: null,
    low: null,
    high: null,
    n: 0,
    diverged: 0,
    pNoninferior: null,
    damage: null,
    recovery: null,
    holds: false,
    shownWorse: false,
  };
  return {
    ...record,
    full: none,
    sft: { ...record.sft, seeds: [] },
    targets: record.targets.map((one) => ({ ...one, arms: one.arms.map(({ arm }) => ({ arm, ...none })) })),
    verdicts: {
      ...record.verdicts,
      seeds: [],
      floor: { deltaStdPercent: null, meanAbsoluteDeltaPercent: null, n: 0 },
      controls: {},
      warnings: ["No seed gives no interval: every verdict is undecided."],
      matrices: record.verdicts.matrices.map(({ name, arms }) => ({
        name,
        verdict: "undecided",
        strongestClaim: "nothing",
        seedsToDecide: null,
        arms: Object.fromEntries(Object.keys(arms).map((arm) => [arm, noSummary])),
      })),
    },
    trials: { finished: 0, diverged: 0, failed: 0 },
    trialSeconds: 0,
  };
}
