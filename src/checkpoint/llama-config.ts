/** @file The config.json of Llama and its kin as a typed value. Knows nothing of weights or graphs. */
import { z } from "zod";
import { readConfig } from "./config-reader.js";
import { parseRope, type RopeConfig, ropeKeys } from "./rope-config.js";

export interface LlamaConfig {
  /** model_type */
  readonly architecture: string;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headWidth: number;
  /** hidden_size */
  readonly width: number;
  readonly innerWidth: number;
  /** Tokens: no more than a sliding window holds, within which it makes no difference. */
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly activation: Activation;
  readonly rmsNormEpsilon: number;
  readonly tiedHead: boolean;
  readonly rope: RopeConfig;
  /** Whether query, key and value projections have biases; whether the output projection has. */
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** RMSNorm of each head's queries and keys before the rotation. */
  readonly queryKeyNorm: boolean;
  /** Standard deviation of the initial weights. */
  readonly initializerRange: number;
}

export type Activation = "silu" | "gelu" | "gelu-tanh";

const size = z.number().int().positive();

// Defaults are those of transformers' LlamaConfig, the kin's own ones in `kin`. Dropout is not read: training here has none.
const llamaFile = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  hidden_size: size.optional(),
  intermediate_size: size.nullish(),
  num_hidden_layers: size.optional(),
  num_attention_heads: size.optional(),
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  vocab_size: size.optional(),
  max_position_embeddings: size.optional(),
  hidden_act: z.string().default("silu"),
  rms_norm_eps: z.number().positive().optional(),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().optional(),
  attention_bias: z.boolean().optional(),
  mlp_bias: z.boolean().default(false),
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().optional(),
  layer_types: z.array(z.string()).nullish(),
  quantization_config: z.unknown().optional(),
  use_moe: z.boolean().optional(),
  num_experts: z.number().nullish(),
  ...ropeKeys,
});
type LlamaFile = z.infer<typeof llamaFile>;

interface Kin {
  readonly heads: number;
  readonly layers: number;
  readonly width: number;
  readonly keyValueHeads: number | null;
  readonly headWidth: number | null;
  readonly innerWidth: (width: number) => number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly theta: number;
  readonly rmsNormEpsilon: number;
  readonly tiedHead: boolean;
  /** Whether a sliding window is used where the file does not say. */
  readonly slides: boolean;
  readonly queryKeyValueBias: (file: LlamaFile) => boolean;
  readonly outputBias: (file: LlamaFile) => boolean;
  readonly queryKeyNorm: boolean;
  readonly classNames: readonly string[];
}

const attentionBias = ({ attention_bias: bias }: LlamaFile) => bias ?? false;
const llama: Kin = {
  ...{ heads: 32, layers: 32, width: 4096, keyValueHeads: null, headWidth: null, innerWidth: () => 11_008 },
  ...{ vocabularySize: 32_000, contextLength: 2048, theta: 10_000, rmsNormEpsilon: 1e-6, tiedHead: false },
  ...{ slides: false, queryKeyValueBias: attentionBias, outputBias: attentionBias, queryKeyNorm: false },
  classNames: ["LlamaForCausalLM", "LlamaModel"],
};
const qwen2: Kin = {
  ...llama,
  ...{ innerWidth: () => 22_016, keyValueHeads: 32, vocabularySize: 151_936, contextLength: 32_768 },
  ...{ queryKeyValueBias: () => true, outputBias: () => false },
  classNames: ["Qwen2ForCausalLM", "Qwen2Model"],
};
const kin: Readonly<Record<string, Kin>> = {
  llama,
  mistral: {
    ...llama,
    ...{ innerWidth: () => 14_336, keyValueHeads: 8, contextLength: 131_072, slides: true },
    ...{ queryKeyValueBias: () => false, outputBias: () => false },
    classNames: ["MistralForCausalLM", "MistralModel"],
  },
  qwen2,
  qwen3: {
    ...qwen2,
    ...{ headWidth: 128, queryKeyValueBias: attentionBias, outputBias: attentionBias, queryKeyNorm: true },
    classNames: ["Qwen3ForCausalLM", "Qwen3Model"],
  },
  minimind: {
    ...llama,
    ...{
      heads: 8,
      layers: 8,
      width: 512,
      keyValueHeads: 2,
      innerWidth: (width) => 64 * Math.ceil((width * 8) / 3 / 64),
    },
    ...{ vocabularySize: 6400, contextLength: 32_768, theta: 1e6, rmsNormEpsilon: 1e-5, tiedHead: true },
    classNames: ["MiniMindForCausalLM"],
  },
};

export const llamaModelTypes: readonly string[] = Object.keys(kin);

const activations: ReadonlyMap<string, Activation> = new Map([
  ["silu", "silu"],
  ["swish", "silu"],
  ["gelu", "gelu"],
  ["gelu_new", "gelu-tanh"],
  ["gelu_pytorch_tanh", "gelu-tanh"],
]);

/** The shortest reach of attention: within it, a sliding window is plain causal attention. */
function reach(file: LlamaFile, { slides, contextLength }: Kin): number {
  const length = file.max_position_embeddings ?? contextLength;
  const used = file.use_sliding_window ?? (slides || (file.layer_types ?? []).includes("sliding_attention"));
  const window = file.sliding_window === undefined && slides ? 4096 : (file.sliding_window ?? length);
  return used ? Math.min(length, window) : length;
}

/**
 * Validates a config.json of Llama, Mistral, Qwen2, Qwen3 or MiniMind and refuses, by name, what their graph does not compute.
 * @param where opens the messages, e.g. the file's path. @throws InputError
 */
export function parseLlamaConfig(config: Readonly<Record<string, unknown>>, where = "config.json"): LlamaConfig {
  const { file, refuse } = readConfig(llamaFile, config, { where, what: "A Llama configuration" });
  if (!Object.hasOwn(kin, file.model_type)) refuse("model_type", file.model_type, llamaModelTypes.join(", "));
  const own = kin[file.model_type];
  const activation = activations.get(file.hidden_act);
  if (activation === undefined) return refuse("hidden_act", file.hidden_act, [...activations.keys()].join(", "));
  if (file.quantization_config != null) refuse("quantization_config", file.quantization_config, "an unquantized model");
  if (file.use_moe === true) refuse("use_moe", true, "a dense model");
  if ((file.num_experts ?? 0) > 1) refuse("num_experts", file.num_experts, "a dense model");
  const kind = file.layer_types?.find((type) => type !== "full_attention" && type !== "sliding_attention");
  if (kind !== undefined) refuse("layer_types", kind, "full_attention and sliding_attention");
  const className = file.architectures?.find((name) => !own.classNames.includes(name));
  if (className !== undefined) refuse("architectures", className, own.classNames.join(" or "));
  const width = file.hidden_size ?? own.width;
  const heads = file.num_attention_heads ?? own.heads;
  const keyValueHeads = file.num_key_value_heads ?? own.keyValueHeads ?? heads;
  if (heads % keyValueHeads !== 0)
    refuse("num_key_value_heads", keyValueHeads, `a divisor of num_attention_heads (${heads})`);
  const headWidth = file.head_dim ?? own.headWidth ?? width / heads;
  if (!Number.isInteger(headWidth)) refuse("num_attention_heads", heads, `a divisor of hidden_size (${width})`);
  if (headWidth % 2 !== 0) refuse("head_dim", headWidth, "an even width");
  const contextLength = file.max_position_embeddings ?? own.contextLength;
  const rope = parseRope(file, { where, contextLength, theta: own.theta });
  if (rope.rotatedShare !== 1) refuse("partial_rotary_factor", rope.rotatedShare, "1");
  return {
    architecture: file.model_type,
    layers: file.num_hidden_layers ?? own.layers,
    heads,
    keyValueHeads,
    headWidth,
    width,
    innerWidth: file.intermediate_size ?? own.innerWidth(width),
    contextLength: reach(file, own),
    vocabularySize: file.vocab_size ?? own.vocabularySize,
    activation,
    rmsNormEpsilon: file.rms_norm_eps ?? own.rmsNormEpsilon,
    tiedHead: file.tie_word_embeddings ?? own.tiedHead,
    rope,
    queryKeyValueBias: own.queryKeyValueBias(file),
    outputBias: own.outputBias(file),
    mlpBias: file.model_type === "llama" && file.mlp_bias,
    queryKeyNorm: own.queryKeyNorm,
    initializerRange: file.initializer_range,
  };
}
