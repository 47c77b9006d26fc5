/**
 * Does the boundary find what was planted? `npm run build && node experiments/planted-boundary.mjs`, some ten minutes.
 *
 * The quick base of the paper (`npm run paper`) gets dead matrices: in three layers the bias before the MLP's GELU becomes -10,000, so
 * that nothing comes out of it, nothing flows back into it, and its two matrices can be anything. Trained on for 400 steps on the
 * books, the model is a trained one again, with six matrices that are dead by construction. `deadweight test` with seeds of its own
 * says which of the others are vital: those whose random values alone are shown worse than the margin. Then `deadweight boundary`, which
 * knows nothing of this, must confirm a set that contains the dead and none of the vital.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeCheckpointFolder } from "../dist/checkpoint/checkpoint-folder.js";
import { pretrainingBatches } from "../dist/data/pretraining-batches.js";
import { loadTokenizer } from "../dist/data/tokenizer.js";
import { gutenbergTokens } from "../dist/paper/gutenberg-corpus.js";
import { paperPreset } from "../dist/paper/preset.js";
import { wordnetGlosses } from "../dist/paper/wordnet-glosses.js";
import { writeFileAtomically } from "../dist/records/record-file.js";
import { openBaseModel } from "../dist/training/base-model.js";
import { openBackend } from "../dist/training/open-backend.js";
import { cosineLearningRate } from "../dist/training/schedule.js";
import { trainedCheckpoint } from "../dist/training/trained-checkpoint.js";
import { Trainer } from "../dist/training/trainer.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, "runs", ...parts);
const dead = [2, 4, 6].flatMap((layer) => [`h.${layer}.mlp.c_fc`, `h.${layer}.mlp.c_proj`]);
const [steps, learningRate] = [400, 5e-4];

async function plant(folder) {
  const base = at("paper-quick", "base");
  const preset = paperPreset("quick");
  const opened = openBaseModel(base);
  const weights = new Map(opened.weights);
  for (const name of dead.filter((matrix) => matrix.endsWith("c_fc"))) {
    weights.set(`${name}.bias`, new Float32Array(weights.get(`${name}.bias`).length).fill(-10_000));
  }
  const tokenizer = loadTokenizer(JSON.parse(readFileSync(join(base, "tokenizer.json"), "utf8")));
  const rows = { rows: preset.base.rows, length: preset.model.contextLength };
  const batches = pretrainingBatches(gutenbergTokens(tokenizer).training, rows, 7);
  const { backend } = await openBackend({ device: "cpu", threads: availableParallelism() });
  const trainer = new Trainer(backend, { model: opened.build(), weights });
  for (let step = 0; step < steps; step++) {
    const rate = cosineLearningRate({ peak: learningRate, steps, warmup: 20 }, step);
    const { loss } = await trainer.step(batches.batchAt(step), { ...rows, slots: null, packed: false }, step + 1, rate);
    if (step % 100 === 0 || step === steps - 1) console.error(`books, step ${step + 1}: loss ${loss.toFixed(3)}`);
  }
  writeCheckpointFolder(folder, trainedCheckpoint(base, trainer.store.weights));
  await trainer.dispose();
}

function run(...args) {
  console.error(`deadweight ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [join(root, "dist", "cli", "main.js"), ...args], {
    ...{ cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  });
  if (status !== 0) process.exit(status ?? 1);
}

const model = at("planted", "model");
if (!existsSync(join(model, "config.json"))) await plant(model);
const glosses = wordnetGlosses();
for (const name of ["training", "heldOut", "calibrationHeldOut"]) {
  const lines = glosses[name].map(({ prompt, completion }) => JSON.stringify({ prompt, completion }));
  writeFileAtomically(at("planted", `${name}.jsonl`), `${lines.join("\n")}\n`);
}
const data = ["--data", at("planted", "training.jsonl"), "--lr", "1e-3", "--max-length", "64"];
const globs = ["h.*.mlp.*", "h.*.attn.c_proj"];
const [truth, boundary] = [at("planted", "truth"), at("planted", "boundary")];
// The truth is measured on other held-out examples than any that the boundary sees.
const truthArgs = ["--arms", "random", "--seeds", "6", "--no-controls", "--out", truth];
run(
  "test",
  model,
  ...data,
  "--eval-data",
  at("planted", "calibrationHeldOut.jsonl"),
  "--matrix",
  ...globs,
  ...truthArgs,
);
const boundaryArgs = ["--action", "random", "--pass-over", "8", "--out", boundary];
run("boundary", model, ...data, "--eval-data", at("planted", "heldOut.jsonl"), "--matrix", ...globs, ...boundaryArgs);

const verdicts = JSON.parse(readFileSync(join(truth, "verdicts.json"), "utf8"));
const { actions } = JSON.parse(readFileSync(join(boundary, "boundary.json"), "utf8"));
const [{ attempts, confirmed }] = actions;
const set = confirmed === null ? [] : attempts[confirmed].matrices.map(({ name }) => name);
// Alone, unadjusted for the number of matrices: more are called vital than a verdict would.
const vital = verdicts.matrices.filter(({ arms }) => arms.random.low > verdicts.margin).map(({ name }) => name);
const share = (names) => `${names.filter((name) => set.includes(name)).length} of ${names.length}`;
console.log(
  `confirmed: ${set.length} of ${verdicts.matrices.length} matrices, in attempt ${(confirmed ?? -1) + 1} of ${attempts.length}`,
);
for (const { size, mean, low, high, result, seeds } of attempts)
  console.log(
    `  ${size} matrices: ${mean?.toFixed(2)}% [${low?.toFixed(2)}, ${high?.toFixed(2)}], ${seeds.length} seeds: ${result}`,
  );
console.log(`dead by construction, in the set: ${share(dead)}`);
console.log(`shown vital alone, in the set: ${share(vital)} (${vital.join(", ")})`);
