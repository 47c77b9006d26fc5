/**
 * @file Trains the paper's 10.29M-parameter GPT-2 for 50 AdamW steps here and in PyTorch, from the same weights on the same batches, and
 * prints how far losses and gradients lie apart. Needs a `python3` with torch and safetensors (DEADWEIGHT_PYTHON names another).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseGpt2Config } from "../dist/checkpoint/gpt2-config.js";
import { openSafetensors } from "../dist/checkpoint/safetensors-file.js";
import { writeSafetensors } from "../dist/checkpoint/safetensors-writer.js";
import { randomStream } from "../dist/foundation/random.js";
import { gpt2 } from "../dist/model/gpt2.js";
import { gpt2InitialWeights } from "../dist/model/gpt2-initializer.js";
import { parameterCount } from "../dist/model/language-model.js";
import { openBackend } from "../dist/training/open-backend.js";
import { cosineLearningRate } from "../dist/training/schedule.js";
import { Trainer } from "../dist/training/trainer.js";

const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: 8,
  n_embd: 256,
  n_head: 8,
  n_positions: 512,
  vocab_size: 15_007,
});
const [rows, length, steps, warmup, peak] = [4, 128, 50, 5, 1e-3];
const model = gpt2(config);
const weights = gpt2InitialWeights(config, 1);
// Biases and norms away from their initial 0 and 1, so that every gradient is exercised.
const chance = randomStream(1, "agreement");
for (const { name, shape } of model.parameters)
  if (shape.length === 1)
    weights.set(
      name,
      weights.get(name).map((value) => value + 0.1 * chance.normal()),
    );

/** A chain of tokens that can be learned: each has four successors. */
const count = rows * length;
const batches = Array.from({ length: 10 }, () => {
  const chain = Array.from({ length: count + 1 }, () => chance.integer(512));
  for (let i = 1; i <= count; i++) chain[i] = (chain[i - 1] * 7 + chance.integer(4)) % 512;
  return { tokens: chain.slice(0, count), targets: chain.slice(1) };
});

const folder = mkdtempSync(join(tmpdir(), "deadweight-agreement-"));
try {
  writeSafetensors(
    join(folder, "weights.safetensors"),
    model.parameters.map(({ name, shape }) => ({ name, shape, dtype: "F32", data: weights.get(name) })),
  );
  writeFileSync(join(folder, "task.json"), JSON.stringify({ ...config, rows, length, steps, warmup, peak, batches }));

  const { backend, engine } = await openBackend({ device: "cpu", threads: 0 });
  const trainer = new Trainer(backend, { model, weights });
  const shape = { rows, length, slots: null, packed: false };
  const losses = [];
  let gradients = new Map();
  for (let step = 0; step < steps; step++) {
    const { tokens, targets } = batches[step % batches.length];
    const batch = {
      tokens: Int32Array.from(tokens),
      targets: Int32Array.from(targets),
      positions: Int32Array.from(tokens, (_, i) => i % length),
      weights: new Float32Array(count).fill(1 / count),
    };
    const { loss } = await trainer.step(batch, shape, step + 1, cosineLearningRate({ peak, steps, warmup }, step));
    losses.push(loss);
    if (step === 0) gradients = new Map([...trainer.store.gradients].map(([name, values]) => [name, values.slice()]));
  }
  await trainer.dispose();

  const script = fileURLToPath(new URL("torch_agreement.py", import.meta.url));
  const { status } = spawnSync(process.env.DEADWEIGHT_PYTHON ?? "python3", [script, folder], { stdio: "inherit" });
  if (status !== 0) throw new Error("torch_agreement.py failed: python3 needs torch and safetensors");
  const theirs = JSON.parse(readFileSync(join(folder, "losses.json"), "utf8"));
  const file = openSafetensors(join(folder, "gradients.safetensors"));
  const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const differences = [...gradients]
    .map(([name, values]) => {
      const reference = Float64Array.from(file.readFloat32(name));
      const difference = norm(Float64Array.from(values, (value, i) => value - reference[i]));
      return { name, relative: difference / Math.max(norm(reference), 1e-6 * Math.sqrt(values.length)) };
    })
    .sort((a, b) => b.relative - a.relative);
  file.close();
  const furthest = (other) => Math.max(...losses.map((loss, step) => Math.abs(loss - other[step]))).toExponential(1);
  console.log(
    `${engine}; ${parameterCount(model.parameters)} parameters, batch ${rows} x ${length}, ${steps} AdamW steps`,
  );
  console.log(`loss: ${losses[0].toFixed(4)} at the first step, ${losses.at(-1).toFixed(4)} at the last`);
  console.log(
    `largest difference of a loss: ${furthest(theirs.float32)} to PyTorch float32, ${furthest(theirs.float64)} to float64`,
  );
  console.log(`gradients of ${differences.length} parameters against PyTorch float64, relative, largest:`);
  for (const { name, relative } of differences.slice(0, 3)) console.log(`  ${relative.toExponential(1)}  ${name}`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
