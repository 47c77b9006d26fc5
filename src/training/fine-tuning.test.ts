import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { architectureFolder } from "../../test/architecture-fixture.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { sftBatches } from "../data/batch-stream.js";
import { microBatches } from "../data/micro-batches.js";
import { evaluationBatches } from "../data/packing.js";
import type { SftExample } from "../data/sft-example.js";
import type { Backend } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { InputError, InterruptedError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { openBaseModel } from "./base-model.js";
import { type FineTuning, type FineTuningOptions, fineTune } from "./fine-tuning.js";
import type { ProgressiveOptions } from "./progressive-freezing.js";
import { sft } from "./sft.js";
import { Trainer } from "./trainer.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-fine-tuning-"));
afterAll(() => rmSync(folder, { recursive: true }));

let backend: Backend;
beforeAll(async () => {
  backend = await onnxBackend({ threads: 1 });
});

const base = openBaseModel(architectureFolder("llama"));
const { vocabularySize, parameters } = base.build();

function examples(count: number, name: string): SftExample[] {
  const chance = randomStream(5, name);
  return Array.from({ length: count }, () => {
    const size = 4 + chance.integer(12);
    const prompt = 1 + chance.integer(size - 2);
    const first = chance.integer(vocabularySize);
    return {
      // Counting upwards: something to learn.
      tokens: Int32Array.from({ length: size }, (_, i) => (first + i) % vocabularySize),
      scored: Uint8Array.from({ length: size }, (_, i) => (i >= prompt ? 1 : 0)),
    };
  });
}
const training = examples(23, "training");
const heldOut = examples(9, "held-out");
const shape = { rows: 3, length: 17, slots: 40 };
const steps = 24;

/** Freezes whatever does not speed up: every interval brings a change. */
const eager: ProgressiveOptions = { every: 3, after: 2, what: "prefix", threshold: 100, most: 0.9, tolerance: 50 };

let count = 0;
function settings(given: Partial<FineTuningOptions> = {}): FineTuningOptions {
  return {
    ...{ backend, base, training, heldOut, shape, rowsAtOnce: 2, steps, seed: 3 },
    start: { ranks: new Map(), replaced: new Map(), frozen: new Set() },
    schedule: { kind: "cosine", peak: 3e-3, warmupSteps: 2, finalShare: 0 },
    optimizer: {},
    ...{ evaluateEvery: 4, progressive: null, cacheBytes: 0 },
    ...{ statePath: join(folder, `${count++}.safetensors`), identity: "one", saveEveryMs: 1e9, now: () => 0 },
    ...given,
  };
}

function sameBits(a: FineTuning, b: FineTuning): void {
  for (const [name, values] of a.weights) {
    const bytes = [values, b.weights.get(name)!].map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength));
    expect(bytes[0].equals(bytes[1]), name).toBe(true);
  }
  const { weights: _, ...rest } = a;
  const { weights: __, ...others } = b;
  expect(others).toEqual(rest);
}

/** Interrupted after each of the steps, and continued. */
async function inSittings(given: Partial<FineTuningOptions>, stops: readonly number[]): Promise<FineTuning> {
  const options = settings(given);
  for (const stop of stops) {
    const abort = new AbortController();
    const onProgress = ({ step }: { step: number }) => step >= stop && abort.abort();
    await expect(fineTune({ ...options, onProgress, signal: abort.signal })).rejects.toThrow(InterruptedError);
    expect(existsSync(options.statePath)).toBe(true);
  }
  return fineTune(options);
}

describe("fine-tuning", () => {
  it("takes the steps that a trial takes", async () => {
    const schedule = { kind: "cosine", peak: 3e-3, warmupSteps: Math.round(steps / 10), finalShare: 0 } as const;
    const found = await fineTune(settings({ schedule }));
    const trainer = new Trainer(backend, { model: base.build(), weights: base.weights });
    const stream = sftBatches(training, shape, randomStream(3, "data order"));
    const measured = { rows: 2, length: 17, slots: 34 };
    const expected = await sft(trainer, {
      batches: (function* () {
        for (;;)
          yield microBatches(stream.next().value, shape, 2).map((part) => ({
            batch: part.batch,
            shape: { ...part.shape, packed: true },
          }));
      })(),
      heldOut: evaluationBatches(heldOut, measured),
      ...{ heldOutShape: { ...measured, packed: true }, heldOutExamples: heldOut.length },
      ...{ steps, learningRate: 3e-3, evaluateEvery: 4 },
    });
    expect(found.heldOutCurve).toEqual(expected.curve);
    expect(found.perExample).toEqual(expected.heldOutLossPerExample);
    expect(found.weights).toEqual(new Map([...trainer.store.weights].map(([name, values]) => [name, values.slice()])));
    expect(found.bestLoss).toBe(Math.min(...expected.curve.map(([, loss]) => loss)));
    await trainer.dispose();
  });

  it.each([
    ["plain", { progressive: null, cacheBytes: 0 }],
    ["across freezes", { progressive: eager, cacheBytes: 0 }],
    ["across freezes with kept activations", { progressive: eager, cacheBytes: 1e8 }],
    [
      "across thaws",
      {
        progressive: { ...eager, tolerance: 0 },
        schedule: { kind: "constant", peak: 0.3, warmupSteps: 8, finalShare: 1 } as const,
        ...{ evaluateEvery: 1, cacheBytes: 1e8 },
      },
    ],
    ["matrices", { progressive: { ...eager, what: "matrices", threshold: 0.9 } as const, cacheBytes: 1e8 }],
  ])("is the same to the bit after interruptions: %s", async (_, given) => {
    const whole = await fineTune(settings(given));
    sameBits(whole, await inSittings(given, [1, 5, 8, 9, 13, 20]));
    sameBits(whole, await inSittings(given, [11]));
    if (given.progressive) expect(whole.events.length).toBeGreaterThan(1);
  });

  it("freezes from the bottom, keeps what is frozen, and says so phase by phase", async () => {
    const best: number[] = [];
    const onBest = (_: unknown, step: number) => best.push(step);
    const found = await fineTune(settings({ progressive: eager, cacheBytes: 1e8, onBest }));
    expect(found.events.map(({ step, names }) => [step, names[0]])).toEqual([
      [8, "embed_tokens.weight"],
      [11, "layers.0.self_attn.q_proj.weight"],
    ]);
    expect(
      found.phases.map(({ fromStep, toStep, prefixBlocks, cached }) => [fromStep, toStep, prefixBlocks, cached]),
    ).toEqual([
      [0, 8, 0, false],
      [8, 11, 1, true],
      [11, 24, 2, true],
    ]);
    expect(found.frozen).toHaveLength(1 + parameters.filter(({ name }) => name.startsWith("layers.0.")).length);
    expect(best[0]).toBe(0);
    expect(best.at(-1)).toBe(found.bestStep);
  });

  it("comes to the same losses with kept activations as without", async () => {
    const [without, kept] = [
      await fineTune(settings({ progressive: eager })),
      await fineTune(settings({ progressive: eager, cacheBytes: 1e8 })),
    ];
    expect(kept.phases.map(({ cached }) => cached)).toContain(true);
    expect(without.phases.map(({ cached }) => cached)).not.toContain(true);
    const losses = ({ heldOutCurve, trainCurve }: FineTuning) =>
      [...heldOutCurve, ...trainCurve].map(([, loss]) => loss);
    expect(relativeDifference(losses(kept), losses(without))).toBeLessThan(1e-5);
  });

  it("thaws what hurt: the loss rises under a rate that is far too large", async () => {
    const found = await fineTune(
      settings({
        progressive: { ...eager, tolerance: 0 },
        schedule: { kind: "constant", peak: 0.3, warmupSteps: 8, finalShare: 1 },
        ...{ evaluateEvery: 1, cacheBytes: 1e8 },
      }),
    );
    expect(found.events.map(({ kind }) => kind)).toContain("thaw");
    const thaw = found.events.find(({ kind }) => kind === "thaw")!;
    expect(thaw.reason).toMatch(/^held-out loss .* above the lowest/);
  });

  it("starts from factors, hands dense weights over, and never thaws the start", async () => {
    const name = "layers.0.mlp.up_proj.weight";
    const [rows, columns] = parameters.find((spec) => spec.name === name)!.shape;
    const left = Float32Array.from({ length: rows }, (_, i) => i / 10);
    const right = Float32Array.from({ length: columns }, (_, i) => 1 / (1 + i));
    const found = await fineTune(
      settings({
        start: {
          ranks: new Map([[name, 1]]),
          replaced: new Map([
            [`${name}:left`, left],
            [`${name}:right`, right],
          ]),
          frozen: new Set([`${name}:left`, `${name}:right`]),
        },
        steps: 3,
      }),
    );
    const product = Float32Array.from(
      { length: rows * columns },
      (_, i) => left[Math.floor(i / columns)] * right[i % columns],
    );
    expect([...found.weights.keys()]).toEqual(parameters.map((spec) => spec.name));
    expect(found.weights.get(name)).toEqual(product);
    expect(found.frozen).toEqual([`${name}:left`, `${name}:right`]);
  });

  it("refuses the state of another fine-tuning", async () => {
    const options = settings({ steps: 2 });
    await fineTune(options);
    await expect(fineTune({ ...options, identity: "another" })).rejects.toThrow(InputError);
  });
});
