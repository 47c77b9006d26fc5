/** @file The task of one fine-tuning: from the model's folder, encoded data and a plan to its figures and checkpoints. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { armOf } from "../crystal/planned-arm.js";
import { type TreatedBy, treatEach } from "../crystal/treatment.js";
import { evaluationBatches, type PackedShape } from "../data/packing.js";
import { readSftDataset } from "../data/sft-dataset.js";
import type { SftExample } from "../data/sft-example.js";
import type { Task } from "../dispatch/task.js";
import type { Backend } from "../engine/backend.js";
import { DivergedError, InputError } from "../foundation/errors.js";
import { standardDeviation } from "../foundation/random-weights.js";
import { type PlannedMatrix, plannedMatrix } from "../records/plan-record.js";
import { parseRecord } from "../records/record-file.js";
import { type FineTuningRecord, fineTuningRecord, progressiveSettings, sftRecord } from "../records/sft-record.js";
import { type BaseModel, openBaseModel } from "../training/base-model.js";
import { evaluate } from "../training/evaluate.js";
import { type FineTuning, fineTune } from "../training/fine-tuning.js";
import { computeSetting, openBackend } from "../training/open-backend.js";
import { trainedCheckpoint } from "../training/trained-checkpoint.js";
import { Trainer } from "../training/trainer.js";

const count = z.number().int();
const { settings } = sftRecord.shape;

const sftTaskArguments = z.object({
  /** Folder of the model; file of the encoded examples. */
  model: z.string(),
  data: z.string(),
  ...computeSetting,
  ...{ rows: count, length: count, slots: count, rowsAtOnce: count },
  /** What is done to them before the first step. */
  matrices: z.array(plannedMatrix),
  progressive: progressiveSettings.nullable(),
  steps: count,
  schedule: settings.shape.schedule,
  ...{ learningRate: z.number(), warmupSteps: count, weightDecay: z.number() },
  gradientClip: z.number().nullable(),
  evaluateEvery: count,
  seed: count,
  cacheBytes: count,
  statePath: z.string(),
  identity: z.string(),
  saveEveryMs: z.number(),
  /** Folders of the checkpoints that are kept. */
  best: z.string().nullable(),
  last: z.string().nullable(),
  dtype: settings.shape.dtype,
  /** Whether the loss on general text is measured before and after. */
  general: z.boolean(),
});
export type SftTaskArguments = z.infer<typeof sftTaskArguments>;

export const sftTaskResult = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("finished"),
    figures: fineTuningRecord,
    general: sftRecord.shape.general,
    checkpoints: sftRecord.shape.checkpoints,
    /** The matrices of the start, the deviation of random ones with them. */
    matrices: z.array(plannedMatrix),
  }),
  /** `kept`: whether the checkpoint of the lowest loss before is there. */
  z.object({ kind: z.literal("diverged"), message: z.string(), kept: z.boolean() }),
]);
export type SftTaskResult = z.infer<typeof sftTaskResult>;
export type FinishedSft = Extract<SftTaskResult, { kind: "finished" }>;

export const sftProgress = z.object({
  step: count,
  steps: count,
  loss: z.number(),
  heldOutLoss: z.number().nullable(),
  frozenShare: z.number(),
  tokensPerSecond: z.number().nullable(),
});
export type SftProgress = z.infer<typeof sftProgress>;

function treatedBy(base: BaseModel, planned: PlannedMatrix): TreatedBy {
  const parameter = `${planned.name}.weight`;
  const trained = base.weights.get(parameter);
  const shape = base.build().parameters.find(({ name }) => name === parameter)?.shape;
  if (trained === undefined || shape?.length !== 2)
    throw new InputError(`${base.source}: there is no matrix '${planned.name}' in the model.`);
  const { deviation, seed } = planned;
  return { matrix: { parameter, shape: [shape[0], shape[1]], trained }, arm: armOf(planned), deviation, seed };
}

/** With the deviation that its random values have: once they are in place the trained ones are gone. */
function settled(planned: PlannedMatrix, { matrix }: TreatedBy): PlannedMatrix {
  return planned.action === "random"
    ? { ...planned, deviation: planned.deviation ?? standardDeviation(matrix.trained) }
    : planned;
}

async function lossOn(
  { backend, base, shape }: { readonly backend: Backend; readonly base: BaseModel; readonly shape: PackedShape },
  weights: ReadonlyMap<string, Float32Array>,
  examples: readonly SftExample[],
): Promise<number> {
  const trainer = new Trainer(backend, { model: base.build(), weights, isTrainable: () => false });
  try {
    const batches = evaluationBatches(examples, shape);
    return (await evaluate(trainer, batches, { ...shape, packed: true }, examples.length)).loss;
  } finally {
    await trainer.dispose();
  }
}

const perSecond = (tokens: number, seconds: number) => (seconds > 0 ? tokens / seconds : null);

function figuresOf(result: FineTuning, seed: number): FineTuningRecord {
  const { trainCurve, heldOutCurve, secondsCurve, phases, events, bestStep, bestLoss, frozen } = result;
  const pairs = (curve: readonly (readonly [number, number])[]) => curve.map(([x, y]): [number, number] => [x, y]);
  return {
    seed,
    ...{ trainCurve: pairs(trainCurve), heldOutCurve: pairs(heldOutCurve), secondsCurve: pairs(secondsCurve) },
    phases: phases.map((phase) => ({
      ...phase,
      tokensPerSecond: perSecond(phase.tokens, phase.seconds),
      scoredTokensPerSecond: perSecond(phase.scoredTokens, phase.seconds),
    })),
    events: events.map((event) => ({ ...event, names: [...event.names] })),
    ...{ bestStep, bestLoss, lastLoss: heldOutCurve.at(-1)![1], frozen: [...frozen] },
    seconds: phases.reduce((sum, { seconds }) => sum + seconds, 0),
    // Of Node in kilobytes.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function hashOfFolder(folder: string): string {
  const checkpoint = openCheckpoint(folder);
  try {
    return checkpoint.sha256();
  } finally {
    checkpoint.close();
  }
}

function checkpointsOf({ best, last }: SftTaskArguments, figures: FineTuningRecord): FinishedSft["checkpoints"] {
  const { bestStep, bestLoss, lastLoss, heldOutCurve } = figures;
  const [lastStep] = heldOutCurve.at(-1)!;
  return [
    ...(best === null
      ? []
      : [{ folder: "best" as const, step: bestStep, heldOutLoss: bestLoss, sha256: hashOfFolder(best) }]),
    ...(last === null
      ? []
      : [{ folder: "last" as const, step: lastStep, heldOutLoss: lastLoss, sha256: hashOfFolder(last) }]),
  ];
}

export const task: Task = async (given, { onProgress, signal, now }): Promise<SftTaskResult> => {
  const args = parseRecord(sftTaskArguments, given, "fine-tuning task");
  const { model, seed, steps, best, last, dtype } = args;
  const [base, data, { backend, close }] = [openBaseModel(model), readSftDataset(args.data), await openBackend(args)];
  const treated = args.matrices.map((planned) => treatedBy(base, planned));
  const write = (folder: string, weights: ReadonlyMap<string, Float32Array>) =>
    writeCheckpointFolder(folder, trainedCheckpoint(model, weights, { dtype }), { replace: true });
  const { rows, length, slots, rowsAtOnce, warmupSteps, weightDecay, learningRate } = args;
  try {
    const result = await fineTune({
      ...{ backend, base, training: data.training, heldOut: data.heldOut, steps, seed, signal, now },
      start: treatEach(treated, { seed, initializerRange: base.initializerRange }),
      ...{ shape: { rows, length, slots }, rowsAtOnce },
      schedule: { kind: args.schedule, peak: learningRate, warmupSteps, finalShare: 0 },
      optimizer: { weightDecay, gradientClip: args.gradientClip ?? Number.POSITIVE_INFINITY },
      ...{ evaluateEvery: args.evaluateEvery, progressive: args.progressive, cacheBytes: args.cacheBytes },
      ...{ statePath: args.statePath, identity: args.identity, saveEveryMs: args.saveEveryMs },
      onProgress,
      onBest: (weights) => {
        if (best !== null) write(best, weights);
      },
    });
    if (last !== null) write(last, result.weights);
    const figures = figuresOf(result, seed);
    const general = data.general ?? [];
    const shape = { rows: rowsAtOnce, length, slots: Math.min(slots, rowsAtOnce * length) };
    const measured = (weights: ReadonlyMap<string, Float32Array>) => lossOn({ backend, base, shape }, weights, general);
    return {
      ...{ kind: "finished", figures, checkpoints: checkpointsOf(args, figures) },
      general:
        args.general && general.length > 0
          ? { before: await measured(base.weights), after: await measured(result.weights) }
          : null,
      matrices: args.matrices.map((planned, index) => settled(planned, treated[index])),
    };
  } catch (error) {
    if (error instanceof DivergedError) {
      const kept = best !== null && existsSync(best);
      return { kind: "diverged", message: error.message, kept };
    }
    throw error;
  } finally {
    await close();
  }
};
