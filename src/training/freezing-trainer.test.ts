import { afterAll, beforeAll, expect, it } from "vitest";
import { drawBatch, drawWeights } from "../../test/model-numbers.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import type { Backend } from "../engine/backend.js";
import { onnxBackend } from "../engine/onnx/onnx-backend.js";
import { gpt2 } from "../model/gpt2.js";
import { leadingGroups } from "./freezing-group.js";
import { type FreezingOptions, type FreezingTrainer, openFreezingTrainer, refreeze } from "./freezing-trainer.js";

const config = { model_type: "gpt2", n_layer: 2, n_embd: 24, n_head: 3, vocab_size: 101, n_positions: 32 };
const model = gpt2(parseGpt2Config(config));
const weights = drawWeights(model, 1);
const shape = { rows: 4, length: 32, slots: 60, packed: true };
const batches = Array.from({ length: 6 }, (_, n) => drawBatch(model, shape, n));
const [embeddings, first] = leadingGroups(model.parameters);
const examples = [{ tokens: new Int32Array(10), scored: new Uint8Array(10).fill(1, 1) }];

let backend: Backend;
beforeAll(async () => {
  backend = await onnxBackend({ threads: 1 });
});
const open: FreezingTrainer[] = [];
afterAll(async () => {
  for (const { trainer } of open) await trainer.dispose();
});

const options = (cacheBytes = 0): FreezingOptions => ({
  ...{ backend, model, optimizer: {}, training: examples, heldOut: [], cacheBytes },
});

async function train({ trainer }: FreezingTrainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++)
    losses.push((await trainer.step(batches[step % batches.length], shape, step + 1, 3e-3)).loss);
  return losses;
}

const copiesOf = (arrays: Iterable<readonly [string, Float32Array]>) =>
  new Map([...arrays].map(([name, values]) => [name, values.slice()]));
const momentsOf = ({ trainer }: FreezingTrainer) => {
  const [{ firstMoments, secondMoments }] = trainer.store.arenas;
  return { first: copiesOf(firstMoments), second: copiesOf(secondMoments) };
};

it("goes on as if nothing had happened where nothing else is frozen", async () => {
  const frozen = new Set(first.names);
  const undisturbed = openFreezingTrainer(options(), weights, frozen);
  open.push(undisturbed);
  const expected = await train(undisturbed, 0, 8);
  let given = openFreezingTrainer(options(), weights, frozen);
  const losses = await train(given, 0, 3);
  given = await refreeze(given, options(), frozen);
  losses.push(...(await train(given, 3, 8)));
  open.push(given);
  expect(losses).toEqual(expected);
  expect(copiesOf(given.trainer.store.weights)).toEqual(copiesOf(undisturbed.trainer.store.weights));
});

it("carries weights and moments over to the bit; what is thawed begins with none", async () => {
  let given = openFreezingTrainer(options(), weights, new Set(embeddings.names));
  await train(given, 0, 3);
  const before = { weights: copiesOf(given.trainer.store.weights), ...momentsOf(given) };
  given = await refreeze(given, options(), new Set(first.names));
  open.push(given);
  expect(copiesOf(given.trainer.store.weights)).toEqual(before.weights);
  const after = momentsOf(given);
  for (const kind of ["first", "second"] as const)
    for (const [name, values] of after[kind]) {
      const thawed = embeddings.names.includes(name);
      expect(values, name).toEqual(thawed ? new Float32Array(values.length) : before[kind].get(name));
      if (!thawed) expect(values.some((value) => value !== 0)).toBe(true);
    }
  expect([...after.first.keys()].some((name) => first.names.includes(name))).toBe(false);
});

it("keeps activations of a whole prefix alone, and only where all of them fit", () => {
  const cached = (frozen: readonly string[], bytes: number) => {
    const given = openFreezingTrainer(options(bytes), weights, new Set(frozen));
    open.push(given);
    return [given.prefixBlocks, given.cached];
  };
  // Ten positions of 24 floats.
  expect(cached([...embeddings.names, ...first.names], 960)).toEqual([2, true]);
  expect(cached([...embeddings.names, ...first.names], 959)).toEqual([2, false]);
  expect(cached(embeddings.names, 0)).toEqual([1, false]);
  expect(cached(first.names, 1e9)).toEqual([0, false]);
});
