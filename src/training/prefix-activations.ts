/** @file Activations of a frozen prefix, computed once an example and gathered into packed batches. Knows nothing of what trains on them. */
import { type SftExample, scoredTokens } from "../data/sft-example.js";
import type { Backend, Binding, Buffer, Program } from "../engine/backend.js";
import { ShapeError } from "../foundation/errors.js";
import { type Cut, cutAt } from "../graph/cut.js";
import { elementCount, type Graph } from "../graph/graph.js";
import type { LanguageModel } from "../model/language-model.js";
import { type BatchShape, lossGraph } from "../model/model-graph.js";
import { type BatchBuffers, batchBuffers, type TrainingBatch } from "./batch-buffers.js";

/** Arrays of the values that pass from the prefix to what is above it, by the names of the cut. */
export type Passing = ReadonlyMap<string, Float32Array>;

export interface PrefixOptions {
  readonly model: LanguageModel;
  /** Names of the parameters that change; all others are as in `weights` for good. */
  readonly trainable: readonly string[];
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** What `exampleOfSlot` of a training batch counts. */
  readonly training: readonly SftExample[];
}

/** Where an example begins in a batch. */
export interface Placement {
  readonly example: number;
  readonly at: number;
}

interface Below {
  readonly program: Program;
  readonly binding: Binding;
  readonly buffers: BatchBuffers;
  readonly passing: Passing;
}

/**
 * The loss in two graphs. What depends on a trainable weight or on the choice of the scored positions is above; all that passes
 * is by position, [rows * length times some factor, ...], so that an example's part is one stretch.
 */
export function prefixCut(model: LanguageModel, shape: BatchShape, trainable: readonly string[]): Cut {
  const graph = lossGraph(model, shape);
  return cutAt(graph, new Set([...trainable, ...(graph.inputs.has("scoredRows") ? ["scoredRows"] : [])]));
}

/** Bytes of what passes, for each position. */
export function bytesPerPosition(model: LanguageModel, trainable: readonly string[]): number {
  const { before } = prefixCut(model, { rows: 1, length: 1, slots: 1, packed: true }, trainable);
  return [...before.outputs.values()].reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
}

/** Slots of an example lie together, in its order; every example has a scored token. */
export function placementsOf(
  { scoredRows, exampleOfSlot }: TrainingBatch,
  examples: readonly SftExample[],
): Placement[] {
  if (!exampleOfSlot || !scoredRows)
    throw new ShapeError("Kept activations: a batch does not say whose its slots are.");
  const placements: Placement[] = [];
  for (let slot = 0; slot < exampleOfSlot.length && exampleOfSlot[slot] >= 0; ) {
    const example = exampleOfSlot[slot];
    placements.push({ example, at: scoredRows[slot] - (examples[example].scored.indexOf(1) - 1) });
    slot += scoredTokens(examples[example]);
  }
  return placements;
}

/**
 * An example's activations are those of the first batch that it is met in: a training that is continued has to meet the same
 * batches again, by `meet`, to be the same to the last bit. Held-out batches are kept whole.
 */
export class PrefixActivations {
  private readonly kept = new Map<number, Passing>();
  private readonly keptWhole = new Map<TrainingBatch, Passing>();
  private readonly below = new Map<string, Promise<Below>>();

  constructor(
    private readonly backend: Backend,
    private readonly options: PrefixOptions,
  ) {}

  /** The loss from what passes; outputs as `lossGraph`. */
  above(shape: BatchShape): Graph {
    return prefixCut(this.options.model, shape, this.options.trainable).after;
  }

  /** Makes sure that the examples of a training batch are kept. */
  async meet(batch: TrainingBatch, shape: BatchShape): Promise<readonly Placement[]> {
    const { training } = this.options;
    const placements = placementsOf(batch, training);
    const missing = placements.filter(({ example }) => !this.kept.has(example));
    if (missing.length === 0) return placements;
    const passing = await this.compute(batch, shape);
    const positions = shape.rows * shape.length;
    for (const { example, at } of missing) {
      if (this.kept.has(example)) continue;
      const stretch = ([name, values]: [string, Float32Array]): [string, Float32Array] => {
        const width = values.length / positions;
        return [name, values.slice(at * width, (at + training[example].tokens.length) * width)];
      };
      this.kept.set(example, new Map([...passing].map(stretch)));
    }
    return placements;
  }

  /** Fills the arrays for one batch. @param into arrays of a batch of this shape. */
  async fill(batch: TrainingBatch, shape: BatchShape, use: "training" | "evaluation", into: Passing): Promise<void> {
    if (use === "evaluation") {
      const known = this.keptWhole.get(batch) ?? copied(await this.compute(batch, shape));
      this.keptWhole.set(batch, known);
      for (const [name, values] of into) values.set(known.get(name)!);
      return;
    }
    const placements = await this.meet(batch, shape);
    const positions = shape.rows * shape.length;
    for (const [name, values] of into) {
      // Padding: seen by no token and scored by no slot, but it has to be finite.
      values.fill(0);
      const width = values.length / positions;
      for (const { example, at } of placements) values.set(this.kept.get(example)!.get(name)!, at * width);
    }
  }

  private async compute(batch: TrainingBatch, shape: BatchShape): Promise<Passing> {
    const { rows, length, packed } = shape;
    const key = `${rows} ${length} ${packed}`;
    const opening = this.below.get(key) ?? this.open(shape);
    this.below.set(key, opening);
    const { binding, buffers, passing } = await opening;
    buffers.fill(batch);
    await binding.run();
    return passing;
  }

  private async open(shape: BatchShape): Promise<Below> {
    const { model, trainable, weights } = this.options;
    const { before } = prefixCut(model, shape, trainable);
    const program = await this.backend.compile(before);
    // The prefix reads no slots: batches that score more or fewer fit as well.
    const buffers = batchBuffers({ ...shape, slots: null }, [...before.inputs.keys()]);
    const passing = new Map(
      [...before.outputs].map(([name, value]) => [name, new Float32Array(elementCount(value.shape))]),
    );
    const known = new Map<string, Buffer>([...weights, ...buffers.arrays]);
    const inputs = new Map([...known].filter(([name]) => before.inputs.has(name)));
    return { program, binding: program.bind(inputs, passing), buffers, passing };
  }

  async dispose(): Promise<void> {
    for (const opening of this.below.values()) await (await opening).program.dispose();
    this.below.clear();
    this.kept.clear();
    this.keptWhole.clear();
  }
}

function copied(passing: Passing): Passing {
  return new Map([...passing].map(([name, values]) => [name, values.slice()]));
}
