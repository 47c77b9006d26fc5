/**
 * @file A training step of ours behind a line protocol: `{"steps": k}` answers `{"milliseconds": [...], "loss": x}`, `{"quit": true}`
 * answers the peak memory, and `{"error": reason}` is the last answer of one that cannot go on. torch_step.py speaks the same, so that the
 * two can take turns.
 */
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { DeadweightError } from "../dist/foundation/errors.js";
import { randomStream } from "../dist/foundation/random.js";
import { gpt2InitialWeights } from "../dist/model/gpt2-initializer.js";
import { parameterCount } from "../dist/model/language-model.js";
import { openBackend } from "../dist/training/open-backend.js";
import { Trainer } from "../dist/training/trainer.js";
import { sizeOptions, stepModel } from "./step-model.mjs";

const { values } = parseArgs({
  options: {
    ...Object.fromEntries([...sizeOptions, "threads", "frozen", "factored"].map((name) => [name, { type: "string" }])),
    backend: { type: "string", default: "onnx" },
    precision: { type: "string", default: "fp32" },
  },
});
const size = Object.fromEntries(sizeOptions.flatMap((name) => (values[name] ? [[name, Number(values[name])]] : [])));
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Not getrusage's peak where it can be helped: that one starts from the peak of the process which started this one. */
function peakMegabytes() {
  if (!existsSync("/proc/self/status")) return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1]) / 1024;
}

function randomBatch({ rows, length, slots }, vocabulary) {
  const chance = randomStream(1, "benchmark tokens");
  const positions = rows * length;
  const scored = slots ?? positions;
  const tokens = (count) => Int32Array.from({ length: count }, () => chance.integer(vocabulary));
  return {
    tokens: tokens(positions),
    positions: Int32Array.from({ length: positions }, (_, i) => i % length),
    segments: new Int32Array(positions).fill(1),
    scoredRows: Int32Array.from({ length: scored }, (_, i) => i),
    targets: tokens(scored),
    weights: new Float32Array(scored).fill(1 / scored),
  };
}

async function main() {
  const { threads, backend: name, precision } = values;
  const { backend, engine } = await openBackend({ device: "cpu", threads: Number(threads), backend: name, precision });
  const { config, model, isTrainable, shape } = stepModel(size, values);
  const weights = gpt2InitialWeights(config, 1);
  for (const { name, shape: own } of model.parameters)
    if (!weights.has(name)) weights.set(name, new Float32Array(own[0] * own[1]).fill(0.01));
  const trainer = new Trainer(backend, { model, weights, isTrainable });
  const batch = randomBatch(shape, config.vocabularySize);
  answer({ engine, parameters: parameterCount(model.parameters) });
  let step = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.quit) {
      answer({ peakMegabytes: peakMegabytes() });
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
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DeadweightError)) process.stderr.write(`${error.stack}\n`);
  answer({ error: error.message });
}
process.exit(0);
