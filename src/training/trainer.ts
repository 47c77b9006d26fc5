/** @file One model in training: weights in place, programs for each batch shape, steps and evaluations. Knows no data format. */
import type { SftExample } from "../data/sft-example.js";
import type { Backend, Binding, Buffer, Program } from "../engine/backend.js";
import { DivergedError, ShapeError } from "../foundation/errors.js";
import { differentiate, gradientName } from "../graph/differentiate.js";
import { elementCount } from "../graph/graph.js";
import type { LanguageModel } from "../model/language-model.js";
import { type BatchShape, lossGraph } from "../model/model-graph.js";
import { type AdamW, type AdamWOptions, adamW } from "./adamw.js";
import { type BatchBuffers, batchBuffers, type ShapedBatch, type TrainingBatch } from "./batch-buffers.js";
import { createParameterStore, type ParameterStore } from "./parameter-store.js";
import { type Passing, PrefixActivations } from "./prefix-activations.js";

export interface TrainerOptions {
  readonly model: LanguageModel;
  /** Initial value of every parameter, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly isTrainable?: (name: string) => boolean;
  readonly optimizer?: AdamWOptions;
  /** Entries that no step moves; none by default. */
  readonly pinned?: PinnedEntries;
  /** Where given, what no trainable weight changes is computed once for each of these examples and kept; batches are packed from them. */
  readonly keptFor?: readonly SftExample[] | undefined;
}

/** Single entries of trainable weights that are held at a value: for each parameter, where and what. */
export type PinnedEntries = ReadonlyMap<string, { readonly indices: Uint32Array; readonly values: Float32Array }>;

export interface StepResult {
  /** Weighted mean over the scored tokens, nats per token, before the update. */
  readonly loss: number;
  readonly gradientNorm: number;
}

interface Bound {
  readonly program: Program;
  readonly binding: Binding;
  readonly buffers: BatchBuffers;
  readonly loss: Float32Array;
  readonly tokenLosses: Float32Array;
  readonly passing: Passing;
}

/** Holds native sessions and a large memory: dispose of it. */
export class Trainer {
  readonly store: ParameterStore;
  /** Null where nothing is kept. */
  readonly prefix: PrefixActivations | null;
  private readonly optimizer: AdamW;
  private pinned: PinnedEntries = new Map();
  private sums: Float32Array[] | null = null;
  private readonly bound = new Map<string, Promise<Bound>>();

  /** @throws ShapeError where a parameter has no value or one of another size. */
  constructor(
    private readonly backend: Backend,
    private readonly options: TrainerOptions,
  ) {
    const { model, weights, isTrainable = () => true, optimizer = {}, pinned, keptFor: training } = options;
    this.store = createParameterStore(model.parameters, isTrainable);
    const { trainable, weights: stored } = this.store;
    this.prefix = training ? new PrefixActivations(backend, { model, trainable, weights: stored, training }) : null;
    this.optimizer = adamW(this.store, optimizer, backend.optimizer);
    this.restart(weights, pinned);
  }

  /**
   * Puts new values in place of all weights and forgets the moments: as after construction, with the sessions kept.
   * @param pinned entries that no step moves.
   */
  restart(weights: ReadonlyMap<string, Float32Array>, pinned: PinnedEntries = new Map()): void {
    this.pinned = pinned;
    for (const [name, target] of this.store.weights) {
      const source = weights.get(name);
      if (source?.length !== target.length)
        throw new ShapeError(
          `Trainer: '${name}' has ${source?.length ?? "no"} elements, the model wants ${target.length}.`,
        );
      target.set(source);
    }
    for (const { state } of this.store.arenas) {
      state.firstMoment.fill(0);
      state.secondMoment.fill(0);
    }
  }

  /**
   * One forward and backward pass and one update.
   * @param step counted from 1. @throws DivergedError where the loss or the gradient is not finite; the weights are then as before.
   */
  step(batch: TrainingBatch, shape: BatchShape, step: number, learningRate: number): Promise<StepResult> {
    return this.accumulatedStep([{ batch, shape }], step, learningRate);
  }

  /** A step over a batch in parts, whose losses and gradients are added up (gradient accumulation). See `step`. */
  async accumulatedStep(parts: readonly ShapedBatch[], step: number, learningRate: number): Promise<StepResult> {
    let loss = 0;
    for (const [index, { batch, shape }] of parts.entries()) {
      const bound = await this.bindingFor(shape, true);
      bound.buffers.fill(batch);
      await this.prefix?.fill(batch, shape, "training", bound.passing);
      await bound.binding.run();
      loss += bound.loss[0];
      if (parts.length > 1) this.accumulate(index, parts.length);
    }
    const norm = Number.isFinite(loss) ? this.optimizer.update(step, learningRate) : Number.NaN;
    if (!Number.isFinite(norm)) {
      const what = Number.isFinite(loss) ? `The gradient's norm became ${norm}` : `The loss became ${loss}`;
      throw new DivergedError(`${what} at step ${step}.`, step);
    }
    for (const [name, { indices, values }] of this.pinned) {
      const weight = this.store.weights.get(name)!;
      for (let i = 0; i < indices.length; i++) weight[indices[i]] = values[i];
    }
    return { loss, gradientNorm: norm };
  }

  /** Each pass overwrites the gradients, so the sum lies elsewhere until the last. */
  private accumulate(index: number, count: number): void {
    this.sums ??= this.store.arenas.map(({ state }) => new Float32Array(state.gradient.length));
    for (const [place, sum] of this.sums.entries()) {
      const { gradient } = this.store.arenas[place].state;
      if (index === 0) sum.set(gradient);
      else for (let i = 0; i < sum.length; i++) sum[i] += gradient[i];
      if (index === count - 1) gradient.set(sum);
    }
  }

  /** @returns the loss of each slot in nats; valid until the next call. */
  async tokenLosses(batch: TrainingBatch, shape: BatchShape): Promise<Float32Array> {
    const { binding, buffers, tokenLosses, passing } = await this.bindingFor(shape, false);
    buffers.fill(batch);
    await this.prefix?.fill(batch, shape, "evaluation", passing);
    await binding.run();
    return tokenLosses;
  }

  private bindingFor(shape: BatchShape, training: boolean): Promise<Bound> {
    const key = `${training} ${shape.rows} ${shape.length} ${shape.slots} ${shape.packed}`;
    let bound = this.bound.get(key);
    if (!bound) {
      bound = this.bind(shape, training);
      this.bound.set(key, bound);
    }
    return bound;
  }

  private async bind(shape: BatchShape, training: boolean): Promise<Bound> {
    const { model } = this.options;
    const { trainable, weights, gradients } = this.store;
    const whole = this.prefix?.above(shape) ?? lossGraph(model, shape);
    const graph = training ? differentiate(whole, "loss", trainable) : whole;
    const program = await this.backend.compile(graph);
    const buffers = batchBuffers(shape);
    const loss = new Float32Array(1);
    const tokenLosses = new Float32Array(shape.slots ?? shape.rows * shape.length);
    const outputs = new Map<string, Buffer>([["loss", loss]]);
    if (training) for (const [name, gradient] of gradients) outputs.set(gradientName(name), gradient);
    else outputs.set("tokenLosses", tokenLosses);
    const known = new Map<string, Buffer>([...weights, ...buffers.arrays]);
    const passing = new Map(
      [...graph.inputs]
        .filter(([name]) => !known.has(name))
        .map(([name, value]) => [name, new Float32Array(elementCount(value.shape))]),
    );
    const inputs = new Map([...known, ...passing].filter(([name]) => graph.inputs.has(name)));
    return { program, binding: program.bind(inputs, outputs), buffers, loss, tokenLosses, passing };
  }

  async dispose(): Promise<void> {
    await this.prefix?.dispose();
    for (const bound of this.bound.values()) await (await bound).program.dispose();
    this.bound.clear();
  }
}
