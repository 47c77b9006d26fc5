/**
 * @file Time of a fine-tuning step with weights frozen: without the gradients of all block matrices, with a frozen prefix, and with its
 * activations kept, taking turns in one process. Random weights of the paper's size by default.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { parseGpt2Config } from "../dist/checkpoint/gpt2-config.js";
import { sftBatches } from "../dist/data/batch-stream.js";
import { randomStream } from "../dist/foundation/random.js";
import { gpt2 } from "../dist/model/gpt2.js";
import { gpt2InitialWeights } from "../dist/model/gpt2-initializer.js";
import { parameterCount } from "../dist/model/language-model.js";
import { blockMatrices, leadingGroups } from "../dist/training/freezing-group.js";
import { openBackend } from "../dist/training/open-backend.js";
import { Trainer } from "../dist/training/trainer.js";
import { median } from "./median.mjs";

const { values } = parseArgs({
  options: {
    layers: { type: "string", default: "8" },
    width: { type: "string", default: "256" },
    heads: { type: "string", default: "8" },
    vocab: { type: "string", default: "15007" },
    rows: { type: "string", default: "14" },
    length: { type: "string", default: "64" },
    slots: { type: "string", default: "512" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "6" },
    steps: { type: "string", default: "4" },
  },
});
const [loadBefore] = loadavg();
const number = (name) => Number(values[name]);
const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: number("layers"),
  n_embd: number("width"),
  n_head: number("heads"),
  n_positions: Math.max(512, number("length")),
  vocab_size: number("vocab"),
});
const weights = gpt2InitialWeights(config, 1);
const model = gpt2(config);
const chance = randomStream(1, "benchmark examples");
const shape = { rows: number("rows"), length: number("length"), slots: number("slots") };
const size = Math.min(16, shape.length);
const training = Array.from({ length: 4 * shape.rows * Math.floor(shape.length / size) }, () => ({
  tokens: Int32Array.from({ length: size }, () => chance.integer(config.vocabularySize)),
  scored: Uint8Array.from({ length: size }, (_, i) => (i >= size / 2 ? 1 : 0)),
}));
const stream = sftBatches(training, shape, randomStream(1, "data order"));
const batches = Array.from({ length: number("steps") }, () => stream.next().value);

const groups = leadingGroups(model.parameters);
const names = (chosen) => chosen.flatMap((group) => group.names);
const prefix = (blocks) => names(groups.slice(0, 1 + blocks));
const [quarter, half] = [4, 2].map((part) => Math.max(1, Math.round(config.layers / part)));
const arms = [
  { name: "everything trained", frozen: [] },
  { name: "embeddings frozen", frozen: prefix(0) },
  { name: "every block matrix frozen", frozen: names(blockMatrices(model.parameters)) },
  { name: `embeddings and ${quarter} blocks frozen`, frozen: prefix(quarter) },
  { name: `embeddings and ${quarter} blocks frozen, kept`, frozen: prefix(quarter), kept: true },
  { name: `embeddings and ${half} blocks frozen`, frozen: prefix(half) },
  { name: `embeddings and ${half} blocks frozen, kept`, frozen: prefix(half), kept: true },
];
const { backend } = await openBackend({ device: "cpu", threads: number("threads") });
const contestants = arms.map(({ name, frozen, kept = false }) => {
  const isTrainable = (parameter) => !frozen.includes(parameter);
  const trainer = new Trainer(backend, { model, weights, isTrainable, keptFor: kept ? training : undefined });
  return { name, trainer, milliseconds: [], steps: 0 };
});

async function turn(one) {
  for (const batch of batches) {
    const begin = performance.now();
    await one.trainer.step(batch, { ...shape, packed: true }, ++one.steps, 1e-4);
    one.milliseconds.push(performance.now() - begin);
  }
}

// The first turn opens the sessions and fills what is kept.
for (const one of contestants) await turn(one);
for (const one of contestants) one.milliseconds.length = 0;
for (let round = 0; round < number("rounds"); round++) for (const one of contestants) await turn(one);

console.log(
  `${cpus()[0].model}, ${values.threads} threads, Node ${process.version}; ${parameterCount(model.parameters)} parameters, ` +
    `batch ${shape.rows} x ${shape.length}, ${shape.slots} slots, ${number("rounds") * number("steps")} steps each in turns of ${number("steps")}, ` +
    `medians; load ${loadBefore.toFixed(1)} before the start`,
);
const [full] = contestants.map(({ milliseconds }) => ({
  time: median(milliseconds),
  fastest: Math.min(...milliseconds),
}));
console.table(
  Object.fromEntries(
    contestants.map(({ name, trainer, milliseconds }) => [
      name,
      {
        "trained %": ((100 * trainer.store.trainableParameters) / parameterCount(model.parameters)).toFixed(0),
        "ms/step": Math.round(median(milliseconds)),
        "fastest ms": Math.round(Math.min(...milliseconds)),
        "speed / full": (full.time / median(milliseconds)).toFixed(2),
        "fastest / full's": (full.fastest / Math.min(...milliseconds)).toFixed(2),
      },
    ]),
  ),
);
for (const { trainer } of contestants) await trainer.dispose();
