/** @file GPT-2's config.json as a typed value, and back. Knows nothing of weights or graphs. */
import { z } from "zod";
import { readConfig } from "./config-reader.js";

export interface Gpt2Config {
  readonly layers: number;
  readonly heads: number;
  /** n_embd */
  readonly width: number;
  /** n_inner, 4 * width where the file says null. */
  readonly innerWidth: number;
  /** n_positions, in tokens. */
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** gelu_new is the tanh approximation, gelu the exact function. */
  readonly geluApproximation: "tanh" | "none";
  readonly layerNormEpsilon: number;
  /** The output head is the transposed token embedding. */
  readonly tiedHead: boolean;
  /** Attention scores are divided by the square root of the head's width. */
  readonly scaleAttention: boolean;
  /** Standard deviation of the initial weights. */
  readonly initializerRange: number;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
}

const size = z.number().int().positive();
const tokenId = z.number().int().nonnegative().nullable();

// Defaults are those of transformers' GPT2Config. Dropout is not read: training here has none.
const gpt2File = z.object({
  model_type: z.literal("gpt2"),
  architectures: z.array(z.string()).nullish(),
  n_layer: size.default(12),
  n_head: size.default(12),
  n_embd: size.default(768),
  n_inner: size.nullable().default(null),
  n_positions: size.optional(),
  n_ctx: size.optional(),
  vocab_size: size.default(50257),
  activation_function: z.string().default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(true),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  // Another order of the same operations, made for float16: no difference in float32.
  reorder_and_upcast_attn: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  quantization_config: z.unknown().optional(),
  bos_token_id: tokenId.default(50256),
  eos_token_id: tokenId.default(50256),
});

const geluApproximations = new Map<string, "tanh" | "none">([
  ["gelu_new", "tanh"],
  ["gelu_pytorch_tanh", "tanh"],
  ["gelu", "none"],
]);
const supportedArchitectures = ["GPT2LMHeadModel", "GPT2Model"];

/**
 * Validates a config.json and refuses, by name, what the graph of GPT-2 does not compute.
 * @param where opens the messages, e.g. the file's path. @throws InputError
 */
export function parseGpt2Config(config: Readonly<Record<string, unknown>>, where = "config.json"): Gpt2Config {
  const { file, refuse } = readConfig(gpt2File, config, { where, what: "A GPT-2 configuration" });
  const geluApproximation = geluApproximations.get(file.activation_function);
  if (geluApproximation === undefined) {
    return refuse("activation_function", file.activation_function, [...geluApproximations.keys()].join(", "));
  }
  if (file.scale_attn_by_inverse_layer_idx) refuse("scale_attn_by_inverse_layer_idx", true, "false");
  if (file.add_cross_attention) refuse("add_cross_attention", true, "false");
  if (file.quantization_config != null) refuse("quantization_config", file.quantization_config, "an unquantized model");
  const architecture = file.architectures?.find((name) => !supportedArchitectures.includes(name));
  if (architecture !== undefined) refuse("architectures", architecture, supportedArchitectures.join(" or "));
  if (file.n_embd % file.n_head !== 0) refuse("n_head", file.n_head, `a divisor of n_embd (${file.n_embd})`);
  return {
    layers: file.n_layer,
    heads: file.n_head,
    width: file.n_embd,
    innerWidth: file.n_inner ?? 4 * file.n_embd,
    contextLength: file.n_positions ?? file.n_ctx ?? 1024,
    vocabularySize: file.vocab_size,
    geluApproximation,
    layerNormEpsilon: file.layer_norm_epsilon,
    tiedHead: file.tie_word_embeddings,
    scaleAttention: file.scale_attn_weights,
    initializerRange: file.initializer_range,
    bosTokenId: file.bos_token_id,
    eosTokenId: file.eos_token_id,
  };
}

/** @returns the config.json with which transformers opens the weights as GPT2LMHeadModel; all dropouts 0. */
export function gpt2ConfigJson(config: Gpt2Config): Record<string, unknown> {
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    n_layer: config.layers,
    n_head: config.heads,
    n_embd: config.width,
    n_inner: config.innerWidth === 4 * config.width ? null : config.innerWidth,
    n_positions: config.contextLength,
    n_ctx: config.contextLength,
    vocab_size: config.vocabularySize,
    activation_function: config.geluApproximation === "tanh" ? "gelu_new" : "gelu",
    layer_norm_epsilon: config.layerNormEpsilon,
    initializer_range: config.initializerRange,
    tie_word_embeddings: config.tiedHead,
    scale_attn_weights: config.scaleAttention,
    scale_attn_by_inverse_layer_idx: false,
    reorder_and_upcast_attn: false,
    add_cross_attention: false,
    resid_pdrop: 0,
    embd_pdrop: 0,
    attn_pdrop: 0,
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenId,
    torch_dtype: "float32",
  };
}
