/**
 * @file A training step of ours behind a line protocol: `{"steps": k}` answers `{"milliseconds": [...], "loss": x}`, `{"quit": true}`
 * answers the peak memory. torch_step.py speaks the same, so that the two can take turns.
 */
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { parseGpt2Config } from "../dist/checkpoint/gpt2-config.js";
import { onnxBackend } from "../dist/engine/onnx/onnx-backend.js";
import { randomStream } from "../dist/foundation/random.js";
import { gpt2 } from "../dist/model/gpt2.js";
import { gpt2InitialWeights } from "../dist/model/gpt2-initializer.js";
import { parameterCount } from "../dist/model/language-model.js";
import { Trainer } from "../dist/training/trainer.js";

const { values } = parseArgs({
  options: Object.fromEntries(
    ["layers", "width", "heads", "vocab", "rows", "length", "slots", "threads", "frozen", "factored"].map((name) => [
      name,
      { type: "string" },
    ]),
  ),
});
const number = (name) => Number(values[name]);
const slots = values.slots ? number("slots") : null;
const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: number("layers"),
  n_embd: number("width"),
  n_head: number("heads"),
  n_positions: Math.max(512, number("length")),
  vocab_size: number("vocab"),
});
const weights = gpt2InitialWeights(config, 1);
const ranks = new Map(values.factored ? [[values.factored, 1]] : []);
const model = gpt2(config, ranks);
for (const { name, shape } of model.parameters)
  if (!weights.has(name)) weights.set(name, new Float32Array(shape[0] * shape[1]).fill(0.01));
const isTrainable = (name) => !(name === values.frozen || name.startsWith(`${values.factored}:`));
const trainer = new Trainer(await onnxBackend({ threads: number("threads") }), { model, weights, isTrainable });

const chance = randomStream(1, "benchmark tokens");
const positions = number("rows") * number("length");
const scored = slots ?? positions;
const tokens = (count) => Int32Array.from({ length: count }, () => chance.integer(config.vocabularySize));
const batch = {
  tokens: tokens(positions),
  positions: Int32Array.from({ length: positions }, (_, i) => i % number("length")),
  segments: new Int32Array(positions).fill(1),
  scoredRows: Int32Array.from({ length: scored }, (_, i) => i),
  targets: tokens(scored),
  weights: new Float32Array(scored).fill(1 / scored),
};
const shape = { rows: number("rows"), length: number("length"), slots, packed: slots !== null };

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({ ready: true, parameters: parameterCount(model.parameters) });
let step = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.quit) {
    answer({ peakMegabytes: process.resourceUsage().maxRSS / 1024 });
    break;
  }
  const milliseconds = [];
  let loss = 0;
  for (let i = 0; i < request.steps; i++) {
    const begin = performance.now();
    ({ loss } = await trainer.step(batch, shape, ++step, 1e-3));
    milliseconds.push(performance.now() - begin);
  }
  answer({ milliseconds, loss });
}
process.exit(0);
