/** @file Fine-tuning with weights that are frozen from the start or along the way, resumable at any step. Knows no plan, no record, no command. */
import { setImmediate } from "node:timers/promises";
import { sftBatches } from "../data/batch-stream.js";
import { microBatches } from "../data/micro-batches.js";
import { evaluationBatches, type PackedBatch, type PackedShape } from "../data/packing.js";
import { type SftExample, scoredTokens } from "../data/sft-example.js";
import type { Backend } from "../engine/backend.js";
import { DivergedError, InterruptedError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import type { FactoredRanks } from "../model/weight.js";
import type { AdamWOptions } from "./adamw.js";
import type { BaseModel } from "./base-model.js";
import type { ShapedBatch } from "./batch-buffers.js";
import { denseWeights } from "./dense-weights.js";
import { evaluate } from "./evaluate.js";
import {
  type FineTuningPhase,
  type FineTuningProgress,
  type FreezeEvent,
  loadFineTuningState,
  saveFineTuningState,
} from "./fine-tuning-state.js";
import { type FreezingTrainer, openFreezingTrainer, refreeze } from "./freezing-trainer.js";
import { beforeTheFirst, type ProgressiveOptions, type RuleDecision } from "./progressive-freezing.js";
import { watchRule } from "./rule-watch.js";
import { type LearningRateSchedule, learningRateAt } from "./schedule.js";

export type { FineTuningPhase, FreezeEvent } from "./fine-tuning-state.js";

export interface FineTuningOptions {
  readonly backend: Backend;
  readonly base: BaseModel;
  /** What a plan does to the start: factored weights, replaced values, frozen parameters. */
  readonly start: {
    readonly ranks: FactoredRanks;
    readonly replaced: ReadonlyMap<string, Float32Array>;
    readonly frozen: ReadonlySet<string>;
  };
  readonly training: readonly SftExample[];
  readonly heldOut: readonly SftExample[];
  readonly shape: PackedShape;
  /** Rows that are computed at once; the gradients of a batch in parts are added up. */
  readonly rowsAtOnce: number;
  readonly steps: number;
  readonly schedule: LearningRateSchedule;
  readonly optimizer: AdamWOptions;
  /** Steps between measurements of the held-out loss. */
  readonly evaluateEvery: number;
  /** Of the order of the data. */
  readonly seed: number;
  readonly progressive: ProgressiveOptions | null;
  /** Bytes that kept activations of a frozen prefix may take; 0: never kept. */
  readonly cacheBytes: number;
  /** File of the unfinished state; it is there at the end as well, for the caller to remove. */
  readonly statePath: string;
  /** Of the whole configuration: a state of another identity is refused. */
  readonly identity: string;
  readonly saveEveryMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onProgress?: (progress: FineTuningStep) => void;
  /**
   * Called when a new lowest held-out loss was measured, the first at step 0: dense weights of every parameter of the dense model.
   * After an interruption it may be called again for a step that it was called for.
   */
  readonly onBest?: (weights: ReadonlyMap<string, Float32Array>, step: number) => void;
  readonly signal?: AbortSignal;
}

export interface FineTuningStep {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly heldOutLoss: number | null;
  /** Of all parameters, 0..1. */
  readonly frozenShare: number;
  /** Of the phase under way, positions that hold a token; null where no time was measured. */
  readonly tokensPerSecond: number | null;
}

type Curve = readonly (readonly [number, number])[];

/** Losses in nats per token. */
export interface FineTuning {
  /** [step, mean training loss since the point before] */
  readonly trainCurve: Curve;
  /** [step, held-out loss], steps 0 and the last included. */
  readonly heldOutCurve: Curve;
  /** [step, training seconds], evaluations excluded, at each held-out point. */
  readonly secondsCurve: Curve;
  readonly phases: readonly FineTuningPhase[];
  readonly events: readonly FreezeEvent[];
  readonly bestStep: number;
  readonly bestLoss: number;
  /** Parameters at the end, those that were frozen from the start included. */
  readonly frozen: readonly string[];
  /** Of the dense model, after the last step. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Held-out loss of each example after the last step. */
  readonly perExample: Float64Array;
}

function partsOf(batch: PackedBatch, shape: PackedShape, rowsAtOnce: number): ShapedBatch[] {
  return microBatches(batch, shape, rowsAtOnce).map((part) => ({
    batch: part.batch,
    shape: { ...part.shape, packed: true },
  }));
}

const tokensIn = ({ segments }: PackedBatch) => segments.reduce((sum, segment) => sum + (segment > 0 ? 1 : 0), 0);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function beginPhase(step: number, { trainableParameters, frozenShare, prefixBlocks, cached }: FreezingTrainer) {
  const begin = { fromStep: step, toStep: step, seconds: 0, scoredTokens: 0, tokens: 0 };
  return { ...begin, trainableParameters, frozenShare, prefixBlocks, cached };
}

function freshProgress(frozen: ReadonlySet<string>): FineTuningProgress {
  return {
    ...{ step: 0, trainCurve: [], pendingLosses: [], heldOutCurve: [], secondsCurve: [], phases: [], events: [] },
    ...{ bestStep: 0, bestLoss: null, frozen: [...frozen], rule: beforeTheFirst, intervalRates: 0, perExample: [] },
  };
}

/** Passes over the training examples that have to be left for keeping activations to pay: the first only fills them. Measured 2026-11: on examples that come once, keeping made a step with half of the blocks frozen 1.5 times as long. */
const keptFromOn = 1.5;
/** Intervals that a prefix is taken to stay as it is where a rule may freeze more of it; assumption, not studied. */
const lastingIntervals = 3;

/** At least: batches are never quite full. */
function stepsOfEpoch(training: readonly SftExample[], { rows, length, slots }: PackedShape): number {
  const [tokens, scored] = training.reduce(
    ([all, counted], example) => [all + example.tokens.length, counted + scoredTokens(example)],
    [0, 0],
  );
  return Math.max(tokens / (rows * length), scored / slots);
}

/**
 * Trains to the last step; continues from the saved state where there is one, to the same weights as without a break.
 * @throws DivergedError where a loss is not finite, InterruptedError on abort (the state is saved first), OutputError where the state
 * cannot be written, InputError where it is damaged or of another fine-tuning.
 */
export async function fineTune(options: FineTuningOptions): Promise<FineTuning> {
  const { backend, base, start, training, heldOut, shape, rowsAtOnce, steps, schedule, optimizer } = options;
  const { evaluateEvery, seed, progressive, cacheBytes, statePath, identity, saveEveryMs, now, signal } = options;
  const saved = loadFineTuningState(statePath, identity);
  const progress = saved?.progress ?? freshProgress(start.frozen);
  const measuredRows = Math.min(rowsAtOnce, shape.rows);
  const measured = { ...shape, rows: measuredRows, slots: Math.min(shape.slots, measuredRows * shape.length) };
  const heldOutBatches = evaluationBatches(heldOut, measured);
  const model = base.build(start.ranks);
  const worthKeeping = keptFromOn * stepsOfEpoch(training, shape);
  /** Of the phase that begins after a step, so that a training that is continued decides as it did. */
  const setupAt = (step: number) => {
    const lasting = progressive === null ? Number.POSITIVE_INFINITY : lastingIntervals * progressive.every;
    const worth = Math.min(steps - step, lasting) >= worthKeeping;
    return { backend, model, optimizer, training, heldOut: heldOutBatches, cacheBytes: worth ? cacheBytes : 0 };
  };
  let frozen: ReadonlySet<string> = new Set(progress.frozen);
  const initial = saved?.weights ?? new Map([...base.weights, ...start.replaced]);
  let current = openFreezingTrainer(setupAt(progress.phases.at(-1)?.fromStep ?? 0), initial, frozen);
  saved?.restoreMoments(current.trainer.store);
  const { rule: memory, intervalRates } = progress;
  const watch = watchRule(progressive, model, saved ? { memory, intervalRates, earlier: saved.earlier } : undefined);
  const batches = sftBatches(training, shape, randomStream(seed, "data order"));
  if (progress.phases.length === 0) progress.phases.push(beginPhase(0, current));
  const seconds = () => progress.phases.reduce((sum, phase) => sum + phase.seconds, 0);

  /** Batches that were trained on before; kept activations of the phase under way come from the batches that they came from then. */
  async function fastForward(): Promise<void> {
    const { fromStep } = progress.phases.at(-1)!;
    for (let step = 0; step < progress.step; step++) {
      const batch = batches.next().value;
      const { prefix } = current.trainer;
      if (step < fromStep || prefix === null) continue;
      for (const part of partsOf(batch, shape, rowsAtOnce)) await prefix.meet(part.batch, part.shape);
    }
  }

  async function change(kind: FreezeEvent["kind"], { groups, reason }: RuleDecision): Promise<void> {
    const named = groups.flatMap(({ names }) => names);
    // What a plan froze stays frozen.
    const names = named.filter((name) => (kind === "freeze" ? !frozen.has(name) : !start.frozen.has(name)));
    if (names.length === 0) return;
    const { step } = progress;
    frozen =
      kind === "freeze" ? new Set([...frozen, ...names]) : new Set([...frozen].filter((name) => !names.includes(name)));
    const begin = now();
    current = await refreeze(current, setupAt(step), frozen);
    progress.events.push({ step, kind, names, reason });
    // A phase that no step was taken in.
    const dropped = progress.phases.at(-1)!.fromStep === step ? progress.phases.pop()!.seconds : 0;
    progress.phases.push({ ...beginPhase(step, current), seconds: dropped + (now() - begin) / 1000 });
  }

  async function measure(): Promise<void> {
    const { step, pendingLosses } = progress;
    const { loss, lossPerExample } = await evaluate(
      current.trainer,
      heldOutBatches,
      { ...measured, packed: true },
      heldOut.length,
    );
    if (!Number.isFinite(loss)) throw new DivergedError(`The held-out loss became ${loss} at step ${step}.`, step);
    if (pendingLosses.length > 0) progress.trainCurve.push([step, mean(pendingLosses)]);
    progress.pendingLosses = [];
    progress.heldOutCurve.push([step, loss]);
    progress.secondsCurve.push([step, seconds()]);
    progress.perExample = [...lossPerExample];
    if (progress.bestLoss === null || loss < progress.bestLoss) {
      [progress.bestStep, progress.bestLoss] = [step, loss];
      options.onBest?.(denseWeights(base.build().parameters, current.trainer.store.weights), step);
    }
    const decision = watch.afterEvaluation(step, loss);
    if (step < steps) await change("thaw", decision);
  }

  async function train(): Promise<number> {
    const begin = now();
    const batch = batches.next().value;
    const learningRate = learningRateAt(schedule, steps, progress.step);
    const parts = partsOf(batch, shape, rowsAtOnce);
    const { loss } = await current.trainer.accumulatedStep(parts, progress.step + 1, learningRate);
    progress.step++;
    progress.pendingLosses.push(loss);
    const phase = progress.phases.at(-1)!;
    phase.toStep = progress.step;
    phase.scoredTokens += batch.scoredTokens;
    phase.tokens += tokensIn(batch);
    phase.seconds += (now() - begin) / 1000;
    if (progress.step % evaluateEvery === 0 || progress.step === steps) await measure();
    if (progress.step === steps) return loss;
    // After the evaluation, which says nothing of what is frozen now.
    const beginDecision = now();
    const decision = watch.afterStep(progress.step, learningRate, current.trainer.store.weights, frozen);
    progress.phases.at(-1)!.seconds += (now() - beginDecision) / 1000;
    await change("freeze", decision);
    return loss;
  }

  let lastSave = now();
  const save = () => {
    const { memory: rule, intervalRates: rates, earlier } = watch.state();
    Object.assign(progress, { frozen: [...frozen], rule, intervalRates: rates });
    saveFineTuningState(statePath, identity, { store: current.trainer.store, earlier, progress });
    lastSave = now();
  };
  try {
    await fastForward();
    if (progress.heldOutCurve.length === 0) await measure();
    while (progress.step < steps) {
      // Lets messages in: a run of the graph blocks this thread.
      await setImmediate();
      if (signal?.aborted) {
        save();
        throw new InterruptedError(`Stopped at step ${progress.step} of ${steps}; the state is saved.`);
      }
      const phase = progress.phases.at(-1)!;
      const loss = await train();
      options.onProgress?.({
        ...{ step: progress.step, steps, loss, heldOutLoss: progress.heldOutCurve.at(-1)?.[1] ?? null },
        frozenShare: current.frozenShare,
        tokensPerSecond: phase.seconds > 0 ? phase.tokens / phase.seconds : null,
      });
      if (progress.step === steps || now() - lastSave > saveEveryMs) save();
    }
    const { trainCurve, heldOutCurve, secondsCurve, phases, events, bestStep, bestLoss, perExample } = progress;
    return {
      ...{ trainCurve, heldOutCurve, secondsCurve, phases, events, bestStep, bestLoss: bestLoss! },
      frozen: [...frozen],
      weights: denseWeights(base.build().parameters, current.trainer.store.weights),
      perExample: Float64Array.from(perExample),
    };
  } finally {
    await current.trainer.dispose();
  }
}
