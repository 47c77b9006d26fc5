/** @file GPT-NeoX's config.json (Pythia) as a typed value. Knows nothing of weights or graphs. */
import { z } from "zod";
import { readConfig } from "./config-reader.js";
import { parseRope, type RopeConfig, ropeKeys } from "./rope-config.js";

export interface GptNeoxConfig {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly innerWidth: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly geluApproximation: "tanh" | "none";
  readonly layerNormEpsilon: number;
  readonly tiedHead: boolean;
  readonly rope: RopeConfig;
  /** Attention and MLP both read the block's input; else the MLP reads what attention left. */
  readonly parallelResidual: boolean;
  readonly attentionBias: boolean;
  readonly initializerRange: number;
}

const size = z.number().int().positive();

// Defaults are those of transformers' GPTNeoXConfig.
const gptNeoxFile = z.looseObject({
  model_type: z.literal("gpt_neox"),
  architectures: z.array(z.string()).nullish(),
  hidden_size: size.default(6144),
  intermediate_size: size.default(24_576),
  num_hidden_layers: size.default(44),
  num_attention_heads: size.default(64),
  vocab_size: size.default(50_432),
  max_position_embeddings: size.default(2048),
  hidden_act: z.string().default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(false),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  rotary_pct: z.number().positive().max(1).nullish(),
  rotary_emb_base: z.number().positive().nullish(),
  quantization_config: z.unknown().optional(),
  ...ropeKeys,
});

/** gelu_fast is the tanh form with its constants spelt out. */
const geluApproximations: ReadonlyMap<string, "tanh" | "none"> = new Map([
  ["gelu", "none"],
  ["gelu_new", "tanh"],
  ["gelu_fast", "tanh"],
  ["gelu_pytorch_tanh", "tanh"],
]);
const classNames = ["GPTNeoXForCausalLM", "GPTNeoXModel"];

/** Validates a config.json and refuses, by name, what the graph of GPT-NeoX does not compute. @throws InputError */
export function parseGptNeoxConfig(config: Readonly<Record<string, unknown>>, where = "config.json"): GptNeoxConfig {
  const { file, refuse } = readConfig(gptNeoxFile, config, { where, what: "A GPT-NeoX configuration" });
  const geluApproximation = geluApproximations.get(file.hidden_act);
  if (geluApproximation === undefined)
    return refuse("hidden_act", file.hidden_act, [...geluApproximations.keys()].join(", "));
  if (file.quantization_config != null) refuse("quantization_config", file.quantization_config, "an unquantized model");
  const className = file.architectures?.find((name) => !classNames.includes(name));
  if (className !== undefined) refuse("architectures", className, classNames.join(" or "));
  const { hidden_size: width, num_attention_heads: heads, max_position_embeddings: contextLength } = file;
  if (width % heads !== 0) refuse("num_attention_heads", heads, `a divisor of hidden_size (${width})`);
  const spread = {
    ...file,
    rope_theta: file.rotary_emb_base ?? file.rope_theta,
    partial_rotary_factor: file.rotary_pct ?? file.partial_rotary_factor ?? 0.25,
  };
  const rope = parseRope(spread, { where, contextLength, theta: 10_000 });
  const rotated = Math.floor((width / heads) * rope.rotatedShare);
  if (rotated < 2 || rotated % 2 !== 0) refuse("rotary_pct", rope.rotatedShare, "an even part of each head");
  if (rope.scaling.kind === "yarn" && rotated < width / heads)
    refuse("rope_scaling", "yarn", "a rotation of whole heads together with it");
  return {
    layers: file.num_hidden_layers,
    heads,
    width,
    innerWidth: file.intermediate_size,
    contextLength,
    vocabularySize: file.vocab_size,
    geluApproximation,
    layerNormEpsilon: file.layer_norm_eps,
    tiedHead: file.tie_word_embeddings,
    rope,
    parallelResidual: file.use_parallel_residual,
    attentionBias: file.attention_bias,
    initializerRange: file.initializer_range,
  };
}
