/** @file Runs trials of one setting: base model, data and compiled programs are loaded once and used by all. */
import { sftBatches } from "../data/batch-stream.js";
import { microBatches } from "../data/micro-batches.js";
import { evaluationBatches, type PackedBatch, type PackedShape } from "../data/packing.js";
import { readSftDataset, type SftDataset } from "../data/sft-dataset.js";
import type { SftExample } from "../data/sft-example.js";
import { DivergedError, InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { version } from "../foundation/version.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import { type BaseModel, openBaseModel } from "../training/base-model.js";
import type { ShapedBatch } from "../training/batch-buffers.js";
import { evaluate } from "../training/evaluate.js";
import { type BackendChoice, openBackend } from "../training/open-backend.js";
import { sft } from "../training/sft.js";
import type { Trainer } from "../training/trainer.js";
import { plantedMatrix, scatteredCount, scatteredEntries } from "./control-matrices.js";
import { lossesBefore } from "./losses-before.js";
import { relativeUpdates } from "./relative-updates.js";
import { TrainerPool } from "./trainer-pool.js";
import { treatEach } from "./treatment.js";
import { armsOf, heldOutShape, type TrialSetting, type TrialSpec } from "./trial-spec.js";

export interface TrialOptions {
  /** Held-out loss at step 0, where it is known already. */
  readonly heldOutLossBefore?: number | undefined;
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

function hashOf({ buffer, byteOffset, byteLength }: Float32Array): string {
  return sha256OfBytes(new Uint8Array(buffer, byteOffset, byteLength));
}

/** @throws DivergedError */
async function generalLoss(
  trainer: Trainer,
  examples: readonly SftExample[],
  shape: PackedShape,
  steps: number,
): Promise<number> {
  const batches = evaluationBatches(examples, shape);
  const { loss } = await evaluate(trainer, batches, { ...shape, packed: true }, examples.length);
  if (!Number.isFinite(loss))
    throw new DivergedError(`The loss on general text is ${loss} after step ${steps}.`, steps);
  return loss;
}

function* inParts(
  batches: Generator<PackedBatch, never>,
  shape: PackedShape,
  rowsAtOnce: number,
): Generator<readonly ShapedBatch[], never> {
  for (;;) {
    const parts = microBatches(batches.next().value, shape, rowsAtOnce);
    yield parts.map((part) => ({ batch: part.batch, shape: { ...part.shape, packed: true } }));
  }
}

export interface Pace {
  readonly stepSeconds: number;
  /** Of one pass over the held-out examples. */
  readonly evaluationSeconds: number;
}

export class TrialBench {
  private constructor(
    private readonly setting: TrialSetting,
    private readonly base: BaseModel,
    private readonly data: SftDataset,
    private readonly engine: BackendChoice,
    private readonly pool: TrainerPool,
  ) {}

  static async open(setting: TrialSetting): Promise<TrialBench> {
    const [base, engine] = [openBaseModel(setting.model), await openBackend(setting)];
    const pool = new TrainerPool(setting, base, engine.backend);
    return new TrialBench(setting, base, readSftDataset(setting.data), engine, pool);
  }

  /** A pure function of setting and spec: the same numbers every time on the same machine. A loss that is not finite is an outcome. */
  async run(spec: TrialSpec, { now, ...watching }: TrialOptions): Promise<TrialRecord> {
    const begin = now();
    const rank = /^crystal/.test(spec.arm) ? armsOf(spec)[0] : undefined;
    const result = await this.attempt(spec, watching).catch((error: unknown) => {
      // A weight that is not finite before the start: nothing was trained.
      if (error instanceof DivergedError)
        return { outcome: { kind: "diverged", step: error.step } as const, trainableParameters: 0 };
      throw error;
    });
    return {
      schema: "deadweight/trial@1",
      version,
      ...spec,
      ...(rank?.kind === "crystal" ? { rank: rank.rank } : {}),
      ...result,
      wallSeconds: (now() - begin) / 1000,
    };
  }

  /** How long a step and a pass over the held-out examples take, from one of each after one to warm up. Changes nothing. */
  async pace(now: () => number): Promise<Pace> {
    const trainer = await this.pool.trainerFor({ ranks: new Map(), replaced: new Map(), frozen: new Set() });
    const { rows, length, slots, rowsAtOnce } = this.setting;
    const shape = { rows, length, slots };
    const batches = inParts(sftBatches(this.data.training, shape, randomStream(0, "pace")), shape, rowsAtOnce);
    const measured = heldOutShape(this.setting);
    const heldOut = evaluationBatches(this.data.heldOut, measured);
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      await work();
      const begin = now();
      await work();
      return (now() - begin) / 1000;
    };
    const first = heldOut.slice(0, 1);
    return {
      stepSeconds: await timed(() => trainer.accumulatedStep(batches.next().value, 1, 0)),
      evaluationSeconds:
        heldOut.length *
        (await timed(() => evaluate(trainer, first, { ...measured, packed: true }, this.data.heldOut.length))),
    };
  }

  /** See `lossesBefore`: specs that treat the same matrices, by their keys. */
  async lossesBefore(specs: readonly TrialSpec[], signal?: AbortSignal): Promise<Map<string, number>> {
    const names = new Set(specs.flatMap(({ matrices }) => matrices));
    const { setting, base, data, engine } = this;
    return lossesBefore(
      { setting, base, data, engine },
      specs,
      [...names].map((name) => this.pool.matrix(name)),
      signal,
    );
  }

  private async attempt(
    spec: TrialSpec,
    watching: Omit<TrialOptions, "now">,
  ): Promise<Pick<TrialRecord, "outcome" | "trainableParameters">> {
    const { seed } = spec;
    const counts = spec.matrices.map(scatteredCount);
    const treated = armsOf(spec).flatMap((arm, index) =>
      counts[index] === null ? [{ arm, matrix: this.pool.matrix(spec.matrices[index]) }] : [],
    );
    const treatment = treatEach(treated, { seed, initializerRange: this.base.initializerRange });
    const entries = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    const pinned = scatteredEntries(this.base.build().parameters, this.base.weights, entries, seed);
    const planted = spec.matrices.includes(plantedMatrix);
    const trainer = await this.pool.trainerFor(treatment, { pinned, planted });
    const { trainableParameters, weights } = trainer.store;
    const hashes = () => {
      const whole = [...treatment.frozen].map((name) => [name, hashOf(weights.get(name)!)] as const);
      const parts = [...pinned].map(([name, { indices }]) => {
        const held = Float32Array.from(indices, (index) => weights.get(name)![index]);
        return [`${name}, ${indices.length} entries`, hashOf(held)] as const;
      });
      return new Map([...whole, ...parts]);
    };
    const before = hashes();
    try {
      const outcome = await this.fineTune(trainer, spec, watching);
      const general = this.data.general ?? [];
      const measured = heldOutShape(this.setting);
      const further = {
        ...(general.length > 0 &&
          spec.purpose !== "learning-rate" && {
            generalLossAfter: await generalLoss(trainer, general, measured, spec.steps),
          }),
        ...(spec.arm === "full" &&
          spec.purpose === "sft" && { relativeUpdates: relativeUpdates(this.base.weights, weights) }),
      };
      const after = hashes();
      const frozenSha256 = Object.fromEntries(
        [...before].map(([name, hash]) => [name, [hash, after.get(name)!] as [string, string]]),
      );
      return { outcome: { ...outcome, ...further, frozenSha256 }, trainableParameters };
    } catch (error) {
      if (error instanceof DivergedError)
        return { outcome: { kind: "diverged", step: error.step }, trainableParameters };
      throw error;
    }
  }

  private heldOutOf({ key, purpose, part = 0 }: TrialSpec): readonly SftExample[] {
    if (purpose === "learning-rate") return this.data.calibrationHeldOut;
    if (purpose !== "confirmation") return this.data.heldOut;
    const examples = this.data.confirmation?.[part];
    if (examples === undefined)
      throw new InputError(`${this.setting.data}: has no held-out part ${part + 1}, which '${key}' calls for.`);
    return examples;
  }

  private async fineTune(
    trainer: Trainer,
    spec: TrialSpec,
    watching: Omit<TrialOptions, "now">,
  ): Promise<FinishedOutcome> {
    const { rows, length, slots, rowsAtOnce, evaluateEvery } = this.setting;
    const shape = { rows, length, slots };
    const measured = heldOutShape(this.setting);
    const training = spec.purpose === "learning-rate" ? this.data.calibrationTraining : this.data.training;
    const heldOut = this.heldOutOf(spec);
    const order = randomStream(spec.seed, spec.purpose === "aa" ? "another data order" : "data order");
    const result = await sft(trainer, {
      batches: inParts(sftBatches(training, shape, order), shape, rowsAtOnce),
      heldOut: evaluationBatches(heldOut, measured),
      heldOutShape: { ...measured, packed: true },
      heldOutExamples: heldOut.length,
      steps: spec.steps,
      learningRate: spec.learningRate,
      evaluateEvery,
      ...watching,
    });
    return {
      kind: "finished",
      heldOutLossBefore: result.curve[0][1],
      heldOutLossAfter: result.curve.at(-1)![1],
      trainLossFirst: result.trainLossFirst,
      trainLossLast: result.trainLossLast,
      curve: result.curve.map(([step, loss]) => [step, loss]),
      heldOutLossPerExample: [...result.heldOutLossPerExample],
      frozenSha256: {},
    };
  }

  async dispose(): Promise<void> {
    await this.pool.dispose();
    await this.engine.close();
  }
}
