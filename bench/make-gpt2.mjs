/**
 * @file Makes a checkpoint of GPT-2's size and layout for the scan to be timed on: normal noise, rows of unequal size, and a few strong
 * components, so that its spectra look like trained ones. The same options give the same bytes.
 *
 *     npm run build && node bench/make-gpt2.mjs [--out runs/bench-gpt2]
 */
import { parseArgs } from "node:util";
import { writeCheckpointFolder } from "../dist/checkpoint/checkpoint-folder.js";
import { randomStream } from "../dist/foundation/random.js";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "runs/bench-gpt2" },
    layers: { type: "string", default: "12" },
    width: { type: "string", default: "768" },
    heads: { type: "string", default: "12" },
    vocab: { type: "string", default: "50257" },
    context: { type: "string", default: "1024" },
    seed: { type: "string", default: "0" },
  },
});
const [layers, width, heads, vocab, context, seed] = ["layers", "width", "heads", "vocab", "context", "seed"].map(
  (name) => Number(values[name]),
);
/** GPT-2's initial deviation. */
const noise = 0.02;
/** Deviation of the logarithm of a row's size. */
const spread = 0.25;
const components = 16;
/** The k-th component over the largest singular value of the noise: strongest * k^-decay. */
const strongest = 4;
const decay = 0.6;

const normals = (name, length, deviation) => {
  const drawn = new Float32Array(length);
  randomStream(seed, name).fillNormal(drawn, deviation);
  return drawn;
};

/** @returns [rows, cols], row-major. */
function trainedLooking(name, rows, cols) {
  const w = normals(`${name} noise`, rows * cols, noise);
  const sizes = normals(`${name} sizes`, rows, spread);
  const left = normals(`${name} left`, components * rows, 1 / Math.sqrt(rows));
  const right = normals(`${name} right`, components * cols, 1 / Math.sqrt(cols));
  const edge = noise * (Math.sqrt(rows) + Math.sqrt(cols));
  const row = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    row.fill(0);
    for (let k = 0; k < components; k++) {
      const strength = strongest * (k + 1) ** -decay * edge * left[k * rows + i];
      for (let j = 0; j < cols; j++) row[j] += strength * right[k * cols + j];
    }
    const size = Math.exp(sizes[i]);
    for (let j = 0; j < cols; j++) w[i * cols + j] = size * w[i * cols + j] + row[j];
  }
  return w;
}

const tensors = [];
const matrix = (name, rows, cols) =>
  tensors.push({ name, shape: [rows, cols], dtype: "F32", data: () => trainedLooking(name, rows, cols) });
const vector = (name, length, value) =>
  tensors.push({ name, shape: [length], dtype: "F32", data: () => new Float32Array(length).fill(value) });
const layerNorm = (name) => {
  vector(`${name}.weight`, width, 1);
  vector(`${name}.bias`, width, 0);
};
/** Conv1D: stored input x output. */
const conv1d = (name, inputs, outputs) => {
  matrix(`${name}.weight`, inputs, outputs);
  vector(`${name}.bias`, outputs, 0);
};

matrix("wte.weight", vocab, width);
matrix("wpe.weight", context, width);
for (let layer = 0; layer < layers; layer++) {
  const at = `h.${layer}`;
  layerNorm(`${at}.ln_1`);
  conv1d(`${at}.attn.c_attn`, width, 3 * width);
  conv1d(`${at}.attn.c_proj`, width, width);
  layerNorm(`${at}.ln_2`);
  conv1d(`${at}.mlp.c_fc`, width, 4 * width);
  conv1d(`${at}.mlp.c_proj`, 4 * width, width);
}
layerNorm("ln_f");

const config = {
  architectures: ["GPT2LMHeadModel"],
  model_type: "gpt2",
  activation_function: "gelu_new",
  n_layer: layers,
  n_embd: width,
  n_head: heads,
  n_positions: context,
  n_ctx: context,
  vocab_size: vocab,
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
};
writeCheckpointFolder(values.out, { config, tensors }, { replace: true });
console.log(values.out);
