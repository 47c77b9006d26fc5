/** @file The record of a fine-tuning with a plan and progressive freezing, by formula. Its figures are plausible, not measured. */
import type { FineTuningRecord, SftRecord } from "../src/records/sft-record.js";

const steps = 400;
const evaluateEvery = 20;
const measured = Array.from({ length: steps / evaluateEvery + 1 }, (_, index) => index * evaluateEvery);

interface Phase {
  readonly toStep: number;
  readonly share: number;
  readonly prefixBlocks: number;
  readonly cached: boolean;
  readonly secondsPerStep: number;
}

/** @param floor that the held-out loss falls to from 2.8. */
function fineTuning(seed: number, floor: number, parts: readonly Phase[]): FineTuningRecord {
  const begins = [0, ...parts.map(({ toStep }) => toStep)];
  const phases = parts.map(({ toStep, share, prefixBlocks, cached, secondsPerStep }, index) => {
    const count = toStep - begins[index];
    return {
      ...{ fromStep: begins[index], toStep, trainableParameters: Math.round(15_191_712 * (1 - share)) },
      ...{ frozenShare: share, prefixBlocks, cached, seconds: count * secondsPerStep },
      ...{ tokens: count * 1900, scoredTokens: count * 512 },
      ...{ tokensPerSecond: 1900 / secondsPerStep, scoredTokensPerSecond: 512 / secondsPerStep },
    };
  });
  const secondsAt = (step: number) =>
    parts.reduce(
      (sum, { toStep, secondsPerStep }, index) =>
        sum + Math.max(0, Math.min(step, toStep) - begins[index]) * secondsPerStep,
      0,
    );
  const loss = (step: number) => floor + (2.8 - floor) * Math.exp(-step / 90);
  return {
    seed,
    trainCurve: measured.slice(1).map((step) => [step, loss(step) - 0.05]),
    heldOutCurve: measured.map((step) => [step, loss(step)]),
    secondsCurve: measured.map((step) => [step, secondsAt(step)]),
    phases,
    events: [],
    ...{ bestStep: steps, bestLoss: loss(steps), lastLoss: loss(steps), frozen: [] },
    ...{ seconds: secondsAt(steps), peakBytes: 1.4e9 },
  };
}

const plainPhases: readonly Phase[] = [
  { toStep: steps, share: 0, prefixBlocks: 0, cached: false, secondsPerStep: 0.42 },
];
const frozenPhases: readonly Phase[] = [
  { toStep: 120, share: 0.08, prefixBlocks: 0, cached: false, secondsPerStep: 0.4 },
  { toStep: 240, share: 0.55, prefixBlocks: 2, cached: true, secondsPerStep: 0.27 },
  { toStep: steps, share: 0.7, prefixBlocks: 4, cached: true, secondsPerStep: 0.16 },
];
const blocks = (...layers: number[]) =>
  layers.flatMap((layer) => ["self_attn.q_proj", "mlp.up_proj"].map((name) => `layers.${layer}.${name}.weight`));

function frozenRun(seed: number): FineTuningRecord {
  return {
    ...fineTuning(seed, 1.953 + 0.002 * seed, frozenPhases),
    events: [
      {
        ...{ step: 120, kind: "freeze", names: ["embed_tokens.weight", ...blocks(0)] },
        reason: "relative update 0.31 of its first, below 0.5",
      },
      { step: 180, kind: "thaw", names: blocks(1), reason: "held-out loss 1.4% above its lowest, twice" },
      { step: 240, kind: "freeze", names: blocks(1, 2), reason: "relative update 0.22 of its first, below 0.5" },
    ],
    frozen: ["layers.3.self_attn.o_proj.weight", "embed_tokens.weight", ...blocks(0, 1, 2)],
  };
}

/** Three seeds beside plain fine-tuning. */
export function sampleSftRecord(): SftRecord {
  const runs = [1, 2, 3].map((seed) => {
    const frozen = frozenRun(seed);
    const plain = fineTuning(seed, 1.94 + 0.002 * seed, plainPhases);
    const frozenSeconds = frozen.seconds;
    const plainSeconds = 148;
    return {
      ...{ seed, frozen, plain, sharedLoss: frozen.bestLoss, frozenSeconds, plainSeconds },
      speedUp: plainSeconds / frozenSeconds,
      lastDeltaPercent: (100 * (frozen.lastLoss - plain.lastLoss)) / plain.lastLoss,
      bestDeltaPercent: (100 * (frozen.bestLoss - plain.bestLoss)) / plain.bestLoss,
    };
  });
  const planned = [
    { name: "layers.3.self_attn.o_proj", action: "random" as const, seed: 7, deviation: 0.0213 },
    { name: "layers.4.self_attn.o_proj", action: "crystal" as const, rank: 4 },
  ];
  const result = runs[0].frozen;
  return {
    ...{ schema: "deadweight/sft@1", version: "0.1.0" },
    model: {
      ...{ source: "./stories15M", sha256: "a".repeat(64), architecture: "llama", parameters: 15_191_712 },
      ...{ contextLength: 256, vocabularySize: 32_000 },
    },
    data: {
      ...{ sources: ["./train.jsonl"], evalSources: [], format: "prompt-completion", chatTemplate: null },
      ...{ trainOn: "completion", maxLength: 256 },
      examples: { training: 9000, heldOut: 256, calibrationTraining: 500, calibrationHeldOut: 128, general: 64 },
      scoredTokens: { training: 205_000, heldOut: 5800 },
      rows: { read: 10_000, truncated: 12, withoutScored: 0, repeated: 4, beyond: 112 },
    },
    settings: {
      ...{ steps, epochs: 1, learningRate: 3e-4 },
      learningRateCandidates: [
        { learningRate: 3e-4, heldOutLoss: 2.11 },
        { learningRate: 3e-3, heldOutLoss: null },
      ],
      ...{ schedule: "cosine", warmupSteps: 40, weightDecay: 0.1, gradientClip: 1, rows: 16, length: 128, slots: 592 },
      ...{ rowsAtOnce: 16, scoredTokensPerStep: 512, evaluateEvery, seed: 1, device: "cpu", threads: 8 },
      ...{ cacheBytes: 2e9, dtype: "source" },
    },
    plan: { path: "runs/boundary/plan.json", sha256: "b".repeat(64), matrices: planned },
    progressive: { what: "prefix", every: 60, after: 60, threshold: 0.5, most: 0.8, tolerance: 1 },
    result,
    general: { before: 3.12, after: 3.41 },
    checkpoints: [
      { folder: "best", step: steps, heldOutLoss: result.bestLoss, sha256: "c".repeat(64) },
      { folder: "last", step: steps, heldOutLoss: result.lastLoss, sha256: "c".repeat(64) },
    ],
    frozenMatrices: [
      ...planned,
      ...["embed_tokens", ...blocks(0, 1, 2)].map((name) => ({
        ...{ name: name.replace(/\.weight$/, ""), action: "freeze" as const },
      })),
    ],
    comparison: runs,
  };
}

/** Nothing frozen, nothing compared, the rate given. */
export function plainSftRecord(): SftRecord {
  const record = sampleSftRecord();
  const result = fineTuning(1, 1.95, plainPhases);
  return {
    ...record,
    ...{ plan: null, progressive: null, result, general: null, frozenMatrices: [], comparison: null },
    settings: { ...record.settings, learningRateCandidates: [], gradientClip: null },
  };
}
