/** @file The record of a test of twelve matrices and a group, by formula. Its figures are plausible, not measured. */
import type { ArmFigures, Estimate } from "../src/records/arm-figures.js";
import type { SpectralPrediction, TestedTarget, TestRecord } from "../src/records/test-record.js";
import type { ArmSummary, MatrixVerdict } from "../src/records/verdicts-record.js";

/** Judged after each seed from the first look to as many as there are. */
const firstLook = 3;
const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
const margin = 0.5;
const steps = 50;
const lossBefore = 2.8134;
const lossAfter = 1.9472;
const generalLoss = 3.4127;
const trainLoss = 1.9011;

const nothing: Estimate = { mean: null, low: null, high: null, n: 0 };
const around = (mean: number, halfWidth: number, n: number): Estimate => ({
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
  readonly n: number;
}

type Arm = "frozen" | "crystal" | "random";
type Verdict = MatrixVerdict["verdict"];

const shape = (damage: number, deltaPercent: number | null, halfWidth: number, n = seeds.length): ArmShape => ({
  damage,
  deltaPercent,
  halfWidth,
  n,
});

/** One seed of its random arm diverged. */
const divergedName = "layers.5.mlp.down_proj";

/** Its verdict hangs on the learning rate. */
const sensitiveName = "layers.5.self_attn.o_proj";

const shapes: Readonly<Record<Verdict, Readonly<Record<Arm, ArmShape>>>> = {
  redundant: { frozen: shape(0, 0.021, 0.11), crystal: shape(0.031, 0.084, 0.19), random: shape(0.142, 0.152, 0.27) },
  "low-rank": { frozen: shape(0, 0.034, 0.13), crystal: shape(0.048, 0.141, 0.29), random: shape(0.311, 1.42, 0.61) },
  freezable: { frozen: shape(0, 0.062, 0.21), crystal: shape(0.402, 2.14, 0.83), random: shape(1.21, 11.3, 3.2) },
  needed: { frozen: shape(0, 1.31, 0.44), crystal: shape(0.871, 4.62, 1.9), random: shape(2.03, 22.8, 5.1) },
  undecided: { frozen: shape(0, 0.153, 0.24), crystal: shape(0.093, 0.312, 0.62), random: shape(0.214, 0.587, 1.04) },
};

const attention: readonly Verdict[] = ["needed", "undecided", "low-rank", "redundant", "redundant", "low-rank"];
const mlp: readonly Verdict[] = ["needed", "freezable", "freezable", "undecided", "freezable", "freezable"];

/** Of the way from the loss before to the loss after. */
const done = (step: number) => (1 - Math.exp(-step / 15)) / (1 - Math.exp(-steps / 15));

/** Falls from the loss before to the loss after; what the arm adds falls from its damage to its delta. */
function curve({ damage, deltaPercent }: ArmShape): ArmFigures["curve"] {
  return [0, 10, 20, 30, 40, steps].map((step) => {
    const added = damage * (1 - done(step)) + ((deltaPercent ?? 0) / 100) * lossAfter * done(step);
    const mean = lossBefore + (lossAfter - lossBefore) * done(step) + added;
    const spread = 0.002 + 0.011 * done(step);
    return { step, mean, low: mean - spread, high: mean + 1.2 * spread };
  });
}

/** Of one seed against full: far narrower than what seeds differ in. */
function deltaCurve(arm: ArmShape): ArmFigures["deltaCurve"] {
  const full = curve(shape(0, 0, 0));
  return curve(arm).map(({ step, mean }, index) => {
    const delta = ((mean - full[index].mean) / full[index].mean) * 100;
    return { step, mean: delta, low: delta - 0.8 * arm.halfWidth, high: delta + 0.9 * arm.halfWidth };
  });
}

function figures(arm: ArmShape): ArmFigures {
  const { damage, deltaPercent, halfWidth, n } = arm;
  const forgotten = 1.1 * damage - 0.06;
  const bare = (deltaPercent ?? 5) - 0.71;
  return {
    lossBefore: around(lossBefore + damage, 0.0004 + damage * 0.03, n),
    lossAfter: deltaPercent === null ? nothing : around(lossAfter * (1 + deltaPercent / 100), 0.0142, n),
    deltaBeforePercent: around((damage / lossBefore) * 100, damage, n),
    deltaPercent: deltaPercent === null ? { ...nothing, n } : around(deltaPercent, halfWidth, n),
    generalLossAfter: around(generalLoss * (1 + forgotten / 100), 0.0213, n),
    generalDeltaPercent: around(forgotten, 0.04 + 0.2 * damage, n),
    likePaper: { trainLossLast: trainLoss * (1 + bare / 100), deltaPercent: bare },
    curve: deltaPercent === null ? [] : curve(arm),
    deltaCurve: deltaPercent === null ? [] : deltaCurve(arm),
  };
}

function fullFigures(): ArmFigures {
  const { generalDeltaPercent, deltaCurve: _, ...full } = figures(shape(0, 0, 0));
  return {
    ...full,
    deltaPercent: nothing,
    deltaBeforePercent: nothing,
    generalLossAfter: around(generalLoss, 0.0213, seeds.length),
    likePaper: { trainLossLast: trainLoss, deltaPercent: null },
  };
}

function stepsToRecoverHalf({ damage, deltaPercent }: ArmShape): number | null {
  const left = ((deltaPercent ?? 0) / 100) * lossAfter;
  if (damage < 0.01 || deltaPercent === null || left > damage / 2) return null;
  return -15 * Math.log(1 - (damage / 2 / (damage - left)) * (1 - Math.exp(-steps / 15)));
}

/** As if every crystal arm had a trainable twin, and no random one. */
function details(arm: Arm, one: ArmShape): Partial<ArmSummary> {
  const { deltaPercent, halfWidth } = one;
  if (deltaPercent === null)
    return { meanDeltaNats: null, lowNats: null, highNats: null, stepsToRecoverHalf: null, costOfNotTraining: null };
  const nats = (percent: number) => (percent / 100) * lossAfter;
  return {
    meanDeltaNats: nats(deltaPercent),
    lowNats: nats(deltaPercent - halfWidth),
    highNats: nats(deltaPercent + halfWidth),
    bootstrap: { low: deltaPercent - 0.6 * halfWidth, high: deltaPercent + 0.7 * halfWidth, weights: "tokens" },
    stepsToRecoverHalf: stepsToRecoverHalf(one),
    ...(arm !== "random" && { costOfNotTraining: nats(deltaPercent) * (arm === "frozen" ? 1 : 0.4) }),
  };
}

function summary(arm: Arm, one: ArmShape): ArmSummary {
  const { damage, deltaPercent, halfWidth, n } = one;
  const [low, high] = deltaPercent === null ? [null, null] : [deltaPercent - halfWidth, deltaPercent + halfWidth];
  const holds = high !== null && high < margin;
  const shownWorse = low !== null && low > margin;
  return {
    meanDeltaPercent: deltaPercent,
    low,
    high,
    n,
    diverged: deltaPercent === null ? 1 : 0,
    pNoninferior: high === null ? 1 : high < margin ? 0.0011 : 0.21,
    damage,
    recovery: damage < 0.01 || deltaPercent === null ? null : 1 - (deltaPercent * lossAfter) / 100 / damage,
    holds,
    shownWorse,
    ...((holds || shownWorse) && { decidedAt: n }),
    ...details(arm, one),
  };
}

interface Tested {
  readonly matrices: TestedTarget["matrices"];
  readonly verdict: Verdict;
}

const nameOf = ({ matrices }: Tested) => matrices.map(({ name }) => name).join("+");

/** No two targets are alike: deeper ones differ a little, groups cost more. What is undecided had all seeds, where the verdict hung on it. */
function armsOf(tested: Tested): [Arm, ArmShape][] {
  const layer = tested.matrices[0].layer ?? 0;
  const factor = 0.88 + 0.04 * layer + 0.1 * (tested.matrices.length - 1);
  return (["frozen", "crystal", "random"] as const).map((arm, place) => {
    const { damage, deltaPercent, halfWidth } = shapes[tested.verdict][arm];
    if (nameOf(tested) === divergedName && arm === "random") return [arm, shape(damage * factor, null, 0, firstLook)];
    const open = tested.verdict === "undecided" && arm === "crystal";
    const n = open ? seeds.length : firstLook + (tested.verdict === "undecided" ? 0 : (layer + 2 * place) % 5);
    return [arm, shape(damage * factor, deltaPercent! * factor, halfWidth * factor, n)];
  });
}

function target(tested: Tested): TestedTarget {
  return {
    name: nameOf(tested),
    matrices: tested.matrices.map((one) => ({ ...one, noiseLike: false })),
    parameters: tested.matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0),
    arms: armsOf(tested).map(([arm, one]) => ({ arm, ...figures(one) })),
  };
}

function verdict(tested: Tested): MatrixVerdict {
  return {
    name: nameOf(tested),
    verdict: tested.verdict,
    arms: Object.fromEntries(armsOf(tested).map(([arm, one]) => [arm, summary(arm, one)])),
    ...(tested.verdict === "undecided" && {
      strongestClaim: "at least freezable: frozen holds",
      seedsToDecide: tested.matrices[0].layer === 1 ? 31 : null,
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

/** `full`, two of them on another data order for the noise floor, and every arm of every target. */
const trialCount = seeds.length + 2 + targets.flatMap(armsOf).reduce((sum, [, { n }]) => sum + n, 0);

const measures = ["pr / noise", "pc1 / noise", "stable rank / noise", "spikes above the edge", "depth", "parameters"];

/** One interval of fifteen excludes zero; spikes are the same in all matrices. */
const prediction: readonly SpectralPrediction[] = measures.flatMap((measure, row) =>
  ["frozen", "crystal", "random"].map((arm, place): SpectralPrediction => {
    if (measure === "spikes above the edge") return { measure, arm, rho: null, low: null, high: null, p: null, n: 12 };
    const first = row + place === 0;
    const rho = first ? -0.66 : 0.3 * Math.sin(3.7 * row + 1.3 * place);
    const half = first ? 0.31 : 0.55;
    return { measure, arm, rho, low: rho - half, high: rho + half, p: first ? 0.0192 : 1 - 2.4 * Math.abs(rho), n: 12 };
  }),
);

/** Twice the rate leaves the verdict of one matrix open. */
const sensitivity = ([0.00015, 0.0006] as const).map((learningRate) => ({
  learningRate,
  matrices: targets.map((tested) => ({
    name: nameOf(tested),
    verdict: learningRate > 0.0003 && nameOf(tested) === sensitiveName ? "undecided" : tested.verdict,
    arms: Object.fromEntries(
      armsOf(tested).map(([arm, { deltaPercent }]) => [
        arm,
        deltaPercent === null ? null : deltaPercent * (learningRate > 0.0003 ? 1.6 : 0.7),
      ]),
    ),
  })),
}));

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
      examples: { training: 6912, heldOut: 128, calibrationTraining: 256, calibrationHeldOut: 64, general: 64 },
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
    full: fullFigures(),
    targets: targets.map(target),
    verdicts: {
      schema: "deadweight/verdicts@1",
      version: "0.1.0",
      margin,
      confidence: 0.95,
      seeds: [...seeds],
      sequential: { firstLook, lastLook: seeds.length },
      floor: { deltaStdPercent: 0.14, meanAbsoluteDeltaPercent: 0.11, n: 3 },
      controls: {
        "frozen weights unchanged": {
          passed: true,
          text: "The bytes of every frozen weight are the same before and after, in 236 trials.",
        },
        "planted dead matrix": {
          passed: true,
          text: "A matrix whose output is multiplied by zero was planted and randomised: 0.000% [0.000, 0.000], 3 seeds. It must cost nothing.",
        },
        "all attention randomised": {
          passed: true,
          text: "All 24 attention matrices random and frozen at once: +41.230% [+35.021, +47.439], 3 seeds. It must be shown worse than the margin of 0.5%: a test that misses this has no power.",
        },
        "scattered entries frozen": {
          passed: true,
          text: "82944 entries, as many as a target has, frozen at random over all matrices: -0.012% [-0.101, +0.077], 3 seeds. A matrix is special where freezing it costs more than this.",
        },
        "full learns": { passed: true, text: "The held-out loss of `full` falls in all 12 seeds." },
      },
      warnings: [`1 trials diverged: sft random ${divergedName} seed 2.`],
      matrices: targets.map(verdict),
    },
    trials: {
      finished: trialCount - 1,
      diverged: 1,
      failed: 0,
      fixedDesign: seeds.length * (1 + 3 * targets.length),
    },
    prediction: prediction.map((one) => ({ ...one })),
    sensitivity: structuredClone(sensitivity),
    trialSeconds: 6912,
  };
}

/** As the first version wrote it: judged once, without what was added since. */
export function olderTestRecord(): TestRecord {
  const { prediction: _, sensitivity: __, ...record } = sampleTestRecord();
  const { general, ...examples } = record.data.examples;
  const { sequential, ...verdicts } = record.verdicts;
  const { fixedDesign, ...trials } = record.trials;
  const older = ({ generalLossAfter, generalDeltaPercent, deltaCurve, ...arm }: ArmFigures): ArmFigures => arm;
  return {
    ...record,
    data: { ...record.data, examples },
    full: older(record.full),
    targets: record.targets.map((one) => ({
      ...one,
      matrices: one.matrices.map(({ noiseLike, ...matrix }) => matrix),
      arms: one.arms.map(({ arm, ...rest }) => ({ arm, ...older(rest) })),
    })),
    verdicts: {
      ...verdicts,
      matrices: verdicts.matrices.map((matrix) => ({
        ...matrix,
        arms: Object.fromEntries(Object.entries(matrix.arms).map(([arm, one]) => [arm, olderSummary(one)])),
      })),
    },
    trials,
  };
}

function olderSummary(summary: ArmSummary): ArmSummary {
  const { meanDeltaPercent, low, high, n, diverged, pNoninferior, damage, recovery, holds, shownWorse } = summary;
  return { meanDeltaPercent, low, high, n, diverged, pNoninferior, damage, recovery, holds, shownWorse };
}

/** What a run leaves that was stopped before its first trial: targets without figures, nothing decided. */
export function emptyTestRecord(): TestRecord {
  const record = olderTestRecord();
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
