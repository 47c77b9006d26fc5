import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawBatch, drawWeights, modelInputs } from "../../test/model-numbers.js";
import { relativeDifference } from "../../test/relative-difference.js";
import { runGraph } from "../../test/run-graph.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import type { Backend } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { referenceBackend } from "../engine/reference/reference-backend.js";
import { DivergedError, ShapeError } from "../foundation/errors.js";
import { gradientName } from "../graph/differentiate.js";
import { gpt2 } from "../model/gpt2.js";
import { trainingGraph } from "../model/model-graph.js";
import { Trainer, type TrainerOptions } from "./trainer.js";

const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: 2,
  n_embd: 24,
  n_head: 3,
  vocab_size: 101,
  n_positions: 32,
});
const model = gpt2(config);
const shape = { rows: 4, length: 32, slots: 60, packed: true };
const weights = drawWeights(model, 1);
const batches = Array.from({ length: 5 }, (_, n) => drawBatch(model, shape, n));
const names = model.parameters.map(({ name }) => name);

const open: Trainer[] = [];
function trainer(backend: Backend, options: Partial<TrainerOptions> = {}): Trainer {
  const made = new Trainer(backend, { model, weights, ...options });
  open.push(made);
  return made;
}
afterAll(async () => {
  for (const each of open) await each.dispose();
});

const copies = ({ store }: Trainer) => new Map([...store.weights].map(([name, values]) => [name, values.slice()]));
const bytes = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

let oneThread: Backend;
let twoThreads: Backend;
beforeAll(async () => {
  oneThread = await onnxBackend({ threads: 1 });
  twoThreads = await onnxBackend({ threads: 2 });
});

async function train(given: Trainer, steps: number, learningRate = 3e-3): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++)
    losses.push((await given.step(batches[step % batches.length], shape, step, learningRate)).loss);
  return losses;
}

describe("the trainer", () => {
  it("learns a batch by heart", async () => {
    const given = trainer(twoThreads);
    const losses: number[] = [];
    for (let step = 1; step <= 60; step++) losses.push((await given.step(batches[0], shape, step, 1e-2)).loss);
    expect(losses[0]).toBeGreaterThan(3);
    expect(losses.at(-1)!).toBeLessThan(0.2 * losses[0]);
  });

  it("steps as the gradient and AdamW's first step say", async () => {
    const learningRate = 1e-3;
    const given = trainer(oneThread, { optimizer: { weightDecay: 0.2, gradientClip: Number.POSITIVE_INFINITY } });
    const before = copies(given);
    const { loss, gradientNorm } = await given.step(batches[0], shape, 1, learningRate);
    const exact = await runGraph(
      referenceBackend,
      trainingGraph(model, shape, names),
      modelInputs(weights, batches[0]),
    );
    expect(loss).toBeCloseTo(exact.get("loss")![0], 5);
    const norm = Math.hypot(...names.flatMap((name) => [...exact.get(gradientName(name))!]));
    expect(Math.abs(gradientNorm / norm - 1)).toBeLessThan(1e-5);
    for (const { name, shape: size } of model.parameters) {
      const found = given.store.gradients.get(name)!;
      expect(relativeDifference(found, exact.get(gradientName(name))!), name).toBeLessThan(1e-4);
      // The first step's moments are g and g^2 after correction. From the found gradient: the sign of a tiny one is rounding.
      const decay = size.length === 2 ? 1 - learningRate * 0.2 : 1;
      const expected = Float64Array.from(before.get(name)!, (w, i) => {
        const g = found[i];
        return decay * w - (learningRate * g) / (Math.abs(g) + 1e-8);
      });
      expect(relativeDifference(given.store.weights.get(name)!, expected), name).toBeLessThan(1e-6);
    }
  });

  it("gives each slot's loss without changing anything", async () => {
    const given = trainer(oneThread);
    const [{ memory }] = given.store.arenas;
    const before = memory.buffer.slice(0);
    const tokenLosses = await given.tokenLosses(batches[1], shape);
    const mean = tokenLosses.reduce((sum, loss, slot) => sum + loss * batches[1].weights[slot], 0);
    expect(Buffer.from(memory.buffer).equals(Buffer.from(before))).toBe(true);
    expect((await given.step(batches[1], shape, 1, 0)).loss).toBeCloseTo(mean, 5);
  });

  it("takes batches of several shapes in turn", async () => {
    const other = { rows: 2, length: 9, slots: null, packed: false };
    const given = trainer(oneThread);
    const first = await given.step(batches[0], shape, 1, 0);
    const second = await given.step(drawBatch(model, other, 7), other, 2, 0);
    const third = await given.step(batches[0], shape, 3, 0);
    expect(third.loss).toBe(first.loss);
    expect(second.loss).not.toBe(first.loss);
  });

  it("adds up the gradients of a batch in parts", async () => {
    const [whole, split] = [trainer(oneThread), trainer(oneThread)];
    const [batch, other] = [batches[0], batches[1]];
    const halved = [batch, other].map((part) => ({
      batch: { ...part, weights: part.weights.map((weight) => weight / 2) },
      shape,
    }));
    const losses = [await whole.step(batch, shape, 1, 0), await whole.step(other, shape, 1, 0)];
    const gradients = [...whole.store.gradients].map(([name, gradient]) => [name, gradient.slice()] as const);
    const sum = await split.accumulatedStep(halved, 1, 0);
    expect(sum.loss).toBeCloseTo((losses[0].loss + losses[1].loss) / 2, 6);
    await whole.step(batch, shape, 1, 0);
    for (const [name, gradient] of gradients) {
      const mean = whole.store.gradients.get(name)!.map((value, i) => (value + gradient[i]) / 2);
      // A key bias has a true gradient of zero.
      if (!name.endsWith("c_attn.bias"))
        expect(relativeDifference(split.store.gradients.get(name)!, mean), name).toBeLessThan(1e-5);
    }
  });

  it("does not move a frozen weight by a bit, and moves every other", async () => {
    const frozen = ["h.0.attn.c_proj.weight", "h.1.mlp.c_fc.weight", "h.0.ln_2.bias", "wpe.weight"];
    const given = trainer(twoThreads, { isTrainable: (name) => !frozen.includes(name) });
    const before = copies(given);
    await train(given, 3);
    for (const name of names) {
      const same = Buffer.compare(bytes(given.store.weights.get(name)!), bytes(before.get(name)!)) === 0;
      expect(same, name).toBe(frozen.includes(name));
    }
    expect([...given.store.gradients.keys()]).toEqual(names.filter((name) => !frozen.includes(name)));
  });

  it("keeps the padding between its arrays at zero", async () => {
    const given = trainer(twoThreads);
    await train(given, 3);
    const [{ state, weights: stored, sectionBytes }] = given.store.arenas;
    const used = new Uint8Array(sectionBytes / 4);
    for (const { byteOffset, length } of stored.values()) used.fill(1, byteOffset / 4, byteOffset / 4 + length);
    expect(used).toContain(0);
    for (const section of [state.weight, state.firstMoment, state.secondMoment])
      for (let i = 0; i < used.length; i++) if (!used[i]) expect(section[i]).toBe(0);
  });

  it("can evaluate, and step, where everything is frozen", async () => {
    const given = trainer(oneThread, { isTrainable: () => false });
    const { loss, gradientNorm } = await given.step(batches[0], shape, 1, 1e-3);
    expect(loss).toBe((await trainer(oneThread).step(batches[0], shape, 1, 1e-3)).loss);
    expect(gradientNorm).toBe(0);
    expect(Buffer.compare(bytes(given.store.weights.get("wte.weight")!), bytes(weights.get("wte.weight")!))).toBe(0);
  });

  it.each([
    ["one thread", () => oneThread],
    ["two threads", () => twoThreads],
  ])("repeats a run to the bit with %s", async (_, backend) => {
    const runs = [trainer(backend()), trainer(backend())];
    const losses = [await train(runs[0], 8), await train(runs[1], 8)];
    expect(losses[0]).toEqual(losses[1]);
    for (const name of names)
      expect(
        Buffer.compare(bytes(runs[0].store.weights.get(name)!), bytes(runs[1].store.weights.get(name)!)),
        name,
      ).toBe(0);
  });

  it("begins again as if new", async () => {
    const used = trainer(oneThread);
    await train(used, 4);
    used.restart(weights);
    expect(await train(used, 4)).toEqual(await train(trainer(oneThread), 4));
  });

  it("gives one step's gradients and weights with two threads as with one", async () => {
    const [one, two] = [trainer(oneThread), trainer(twoThreads)];
    const [first, second] = [await one.step(batches[0], shape, 1, 1e-3), await two.step(batches[0], shape, 1, 1e-3)];
    expect(Math.abs(second.loss / first.loss - 1)).toBeLessThan(1e-4);
    for (const name of names) {
      const [a, b] = [one.store.gradients.get(name)!, two.store.gradients.get(name)!];
      expect(relativeDifference(a, b), name).toBeLessThan(1e-4);
      // A key bias's gradient is rounding alone, and the first AdamW step is its sign: compare weights where there is a gradient.
      if (!name.endsWith("c_attn.bias"))
        expect(relativeDifference(one.store.weights.get(name)!, two.store.weights.get(name)!), name).toBeLessThan(1e-4);
    }
  });
});

describe("the trainer refuses", () => {
  it("a missing weight and one of another size, by name", () => {
    const missing = new Map(weights);
    missing.delete("h.1.ln_2.bias");
    expect(() => trainer(oneThread, { weights: missing })).toThrow(
      new ShapeError("Trainer: 'h.1.ln_2.bias' has no elements, the model wants 24."),
    );
    const other = new Map(weights).set("h.1.ln_2.bias", new Float32Array(23));
    expect(() => trainer(oneThread, { weights: other })).toThrow("'h.1.ln_2.bias' has 23 elements, the model wants 24");
  });

  it("a batch of another shape", async () => {
    const given = trainer(oneThread);
    const { segments, ...unsegmented } = batches[0];
    expect(segments).toBeDefined();
    await expect(given.step(unsegmented, shape, 1, 1e-3)).rejects.toThrow("Batch: 'segments' has no elements");
    const short = { ...batches[0], tokens: batches[0].tokens.subarray(1) };
    await expect(given.step(short, shape, 1, 1e-3)).rejects.toThrow(ShapeError);
    await expect(given.tokenLosses(short, shape)).rejects.toThrow("'tokens' has 127 elements");
  });

  it.each([
    ["NaN", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
  ])("to step from a weight that is %s, and leaves everything as it was", async (_, value) => {
    const given = trainer(oneThread);
    await train(given, 2);
    given.store.weights.get("h.0.mlp.c_fc.weight")![7] = value;
    const [{ state }] = given.store.arenas;
    const before = [state.weight, state.firstMoment, state.secondMoment].map((section) => section.slice());
    const error = await given.step(batches[0], shape, 3, 1e-3).catch((reason) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    expect(error.step).toBe(3);
    expect(error.message).toMatch(/became (NaN|Infinity) at step 3/);
    [state.weight, state.firstMoment, state.secondMoment].forEach((section, i) => {
      expect(Buffer.compare(bytes(section), bytes(before[i]))).toBe(0);
    });
  });

  it("a gradient that overflows under a finite loss", async () => {
    const given = trainer(oneThread);
    const { weights: stored } = given.store;
    // The products with c_proj vanish, but its gradient is their large left side times the loss's large scale.
    stored.get("h.1.mlp.c_proj.weight")!.fill(0);
    stored.get("h.1.mlp.c_fc.bias")!.fill(1e5);
    const large = { ...batches[0], weights: batches[0].weights.map((weight) => weight * 1e37) };
    await expect(given.step(large, shape, 1, 1e-3)).rejects.toThrow(
      /^The gradient's norm became (Infinity|NaN) at step 1/,
    );
    expect(new Set(stored.get("h.1.mlp.c_fc.bias")!)).toEqual(new Set([1e5]));
  });
});
