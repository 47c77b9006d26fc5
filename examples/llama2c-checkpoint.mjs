/**
 * @file A model in llama2.c's layout (version 0: seven integers, then float32 weights) as the config and tensors of a Hugging Face Llama.
 * Knows nothing of files, downloads or tokenizers.
 */
import { InputError, ShapeError } from "../dist/foundation/errors.js";

const headerBytes = 28;
/** What llama2.c's code has written out, not its file. */
const rmsNormEpsilon = 1e-5;
const ropeBase = 10_000;

/** @param bytes Buffer that begins with the file. @throws InputError where the seven integers make no model. */
export function readLlama2cHeader(bytes, source) {
  if (bytes.length < headerBytes) {
    throw new InputError(`${source}: holds ${bytes.length} bytes; a llama2.c model begins with a header of 28.`);
  }
  const [width, hidden, layers, heads, keyValueHeads, signedVocabulary, context] = Array.from({ length: 7 }, (_, i) =>
    bytes.readInt32LE(4 * i),
  );
  const header = { width, hidden, layers, heads, keyValueHeads, vocabulary: Math.abs(signedVocabulary), context };
  const whole = Object.values(header).every((value) => value >= 1) && width % (2 * heads) === 0;
  if (!whole || heads % keyValueHeads !== 0) {
    throw new InputError(
      `${source}: the header reads ${JSON.stringify(header)}, which makes no model. A llama2.c model file is wanted.`,
    );
  }
  // A negative vocabulary says that the output head is a matrix of its own.
  return { ...header, tied: signedVocabulary > 0 };
}

/** Tensors of one kind lie together, layer after layer: name, values of one, how many, in the order of the file. */
function sections({ width, hidden, layers, heads, keyValueHeads, vocabulary, context, tied }) {
  const headSize = width / heads;
  const keyValueWidth = headSize * keyValueHeads;
  const ofLayers = (module, shape, rotaryHeads) => ({ module, shape, count: layers, rotaryHeads });
  return [
    { name: "model.embed_tokens.weight", shape: [vocabulary, width], count: 1 },
    ofLayers("input_layernorm", [width]),
    ofLayers("self_attn.q_proj", [width, width], heads),
    ofLayers("self_attn.k_proj", [keyValueWidth, width], keyValueHeads),
    ofLayers("self_attn.v_proj", [keyValueWidth, width]),
    ofLayers("self_attn.o_proj", [width, width]),
    ofLayers("post_attention_layernorm", [width]),
    ofLayers("mlp.gate_proj", [hidden, width]),
    ofLayers("mlp.down_proj", [width, hidden]),
    ofLayers("mlp.up_proj", [hidden, width]),
    { name: "model.norm.weight", shape: [width], count: 1 },
    // Cosines and sines, which every Llama computes anew.
    { name: null, shape: [context, headSize / 2], count: 2 },
    ...(tied ? [] : [{ name: "lm_head.weight", shape: [vocabulary, width], count: 1 }]),
  ];
}

const valuesOf = (shape) => shape.reduce((product, size) => product * size, 1);

/** @returns bytes of the whole model file that has this header. */
export function llama2cBytes(header) {
  return sections(header).reduce((sum, { shape, count }) => sum + 4 * count * valuesOf(shape), headerBytes);
}

/** @returns WritableTensor[] that read from `bytes` when their turn comes. @throws ShapeError where bytes are missing. */
export function llama2cTensors(bytes, header) {
  if (bytes.length < llama2cBytes(header)) {
    throw new ShapeError(`llama2.c model: ${bytes.length} bytes given, ${llama2cBytes(header)} wanted.`);
  }
  const tensors = [];
  let byteBegin = headerBytes;
  for (const { name, module, shape, count, rotaryHeads } of sections(header)) {
    for (let i = 0; i < count; i++) {
      const at = byteBegin;
      byteBegin += 4 * valuesOf(shape);
      if (name === null) continue;
      const read = () => Float32Array.from({ length: valuesOf(shape) }, (_, k) => bytes.readFloatLE(at + 4 * k));
      tensors.push({
        name: name ?? `model.layers.${i}.${module}.weight`,
        shape,
        dtype: "F32",
        data: rotaryHeads ? () => rotateHalfRows(read(), shape, rotaryHeads) : read,
      });
    }
  }
  return tensors;
}

/**
 * llama2.c turns rows (2i, 2i + 1) of a head together, Hugging Face rows (i, i + headSize / 2).
 * @param w [rows, cols], row-major.
 */
function rotateHalfRows(w, [rows, cols], heads) {
  const headSize = rows / heads;
  const half = headSize / 2;
  const permuted = new Float32Array(w.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headSize;
    const source = row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
    permuted.set(w.subarray(source * cols, (source + 1) * cols), row * cols);
  }
  return permuted;
}

/** @returns config.json of the model. */
export function llamaConfig({ width, hidden, layers, heads, keyValueHeads, vocabulary, context, tied }) {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    hidden_size: width,
    intermediate_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: width / heads,
    vocab_size: vocabulary,
    max_position_embeddings: context,
    rms_norm_eps: rmsNormEpsilon,
    rope_theta: ropeBase,
    tie_word_embeddings: tied,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: 1,
    eos_token_id: 2,
    dtype: "float32",
  };
}
