/** @file Llama (Touvron et al. 2023) and its kin Mistral, Qwen2, Qwen3, MiniMind as a graph. Knows nothing of training or files. */
import type { Activation, LlamaConfig } from "../checkpoint/llama-config.js";
import type { Value } from "../graph/graph.js";
import type { GraphBuilder } from "../graph/graph-builder.js";
import { type Block, blockLinear } from "./block.js";
import type { LanguageModel, ParameterSpec, SequenceInputs, SequenceShape } from "./language-model.js";
import { rotaryFrequencies } from "./rotary-frequencies.js";
import { type FactoredRanks, headOf, lookUp, weightFrom, weightParameters } from "./weight.js";

function parameters(config: LlamaConfig, ranks: FactoredRanks): ParameterSpec[] {
  const { width, innerWidth, headWidth, heads, keyValueHeads, vocabularySize } = config;
  const vector = (name: string, size: number): ParameterSpec => ({ name, shape: [size] });
  const matrix = (name: string, rows: number, columns: number) => weightParameters(name, [rows, columns], ranks);
  const linear = (name: string, fanOut: number, fanIn: number, biased: boolean) => [
    ...matrix(`${name}.weight`, fanOut, fanIn),
    ...(biased ? [vector(`${name}.bias`, fanOut)] : []),
  ];
  const block = (prefix: string) => [
    ...linear(`${prefix}.self_attn.q_proj`, heads * headWidth, width, config.queryKeyValueBias),
    ...linear(`${prefix}.self_attn.k_proj`, keyValueHeads * headWidth, width, config.queryKeyValueBias),
    ...linear(`${prefix}.self_attn.v_proj`, keyValueHeads * headWidth, width, config.queryKeyValueBias),
    ...linear(`${prefix}.self_attn.o_proj`, width, heads * headWidth, config.outputBias),
    ...(config.queryKeyNorm
      ? [vector(`${prefix}.self_attn.q_norm.weight`, headWidth), vector(`${prefix}.self_attn.k_norm.weight`, headWidth)]
      : []),
    ...linear(`${prefix}.mlp.gate_proj`, innerWidth, width, config.mlpBias),
    ...linear(`${prefix}.mlp.up_proj`, innerWidth, width, config.mlpBias),
    ...linear(`${prefix}.mlp.down_proj`, width, innerWidth, config.mlpBias),
    vector(`${prefix}.input_layernorm.weight`, width),
    vector(`${prefix}.post_attention_layernorm.weight`, width),
  ];
  return [
    ...matrix("embed_tokens.weight", vocabularySize, width),
    ...Array.from({ length: config.layers }, (_, n) => block(`layers.${n}`)).flat(),
    vector("norm.weight", width),
    ...(config.tiedHead ? [] : matrix("lm_head.weight", vocabularySize, width)),
  ];
}

function activate(builder: GraphBuilder, x: Value, activation: Activation): Value {
  if (activation === "silu") return builder.silu(x);
  return builder.gelu(x, activation === "gelu" ? "none" : "tanh");
}

function norm({ builder, config, parameter, prefix }: Block<LlamaConfig>, x: Value, name: string): Value {
  return builder.rmsNorm(x, parameter.get(`${prefix}.${name}.weight`)!, config.rmsNormEpsilon);
}

/** Of each head by itself, with one scale for all. */
function headNorm(block: Block<LlamaConfig>, x: Value, name: string): Value {
  const { builder, config } = block;
  if (!config.queryKeyNorm) return x;
  const [positions, columns] = x.shape;
  const heads = builder.reshape(x, positions * (columns / config.headWidth), config.headWidth);
  return builder.reshape(norm(block, heads, name), positions, columns);
}

function attention(
  block: Block<LlamaConfig>,
  x: Value,
  inputs: SequenceInputs,
  { rows, length }: SequenceShape,
): Value {
  const { builder, config } = block;
  const { heads, keyValueHeads, headWidth } = config;
  const { frequencies, scoreFactor } = rotaryFrequencies(config.rope, headWidth);
  const rotated = (name: "q" | "k", heads: number) => {
    const projected = headNorm(block, blockLinear(block, x, `self_attn.${name}_proj`), `self_attn.${name}_norm`);
    return builder.rotary(projected, inputs.positions, { heads, headWidth, frequencies });
  };
  const attended = builder.causalAttention(
    rotated("q", heads),
    rotated("k", keyValueHeads),
    blockLinear(block, x, "self_attn.v_proj"),
    inputs.segments,
    { rows, length, heads, keyValueHeads, scale: scoreFactor / Math.sqrt(headWidth) },
  );
  return blockLinear(block, attended, "self_attn.o_proj");
}

/** down(activation(gate x) * up x). Shazeer 2020 */
function mlp(block: Block<LlamaConfig>, x: Value): Value {
  const { builder, config } = block;
  const gate = activate(builder, blockLinear(block, x, "mlp.gate_proj"), config.activation);
  return blockLinear(block, builder.multiply(gate, blockLinear(block, x, "mlp.up_proj")), "mlp.down_proj");
}

/** @param ranks weights that are applied as two thin products. */
export function llama(config: LlamaConfig, ranks: FactoredRanks = new Map()): LanguageModel {
  return {
    architecture: config.architecture,
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    parameters: parameters(config, ranks),
    forward(builder, parameter, inputs, shape) {
      const table = weightFrom(parameter, "embed_tokens.weight");
      let x = lookUp(builder, table, inputs.tokens);
      for (let n = 0; n < config.layers; n++) {
        const block = { builder, config, parameter, prefix: `layers.${n}` };
        x = builder.add(x, attention(block, norm(block, x, "input_layernorm"), inputs, shape));
        x = builder.add(x, mlp(block, norm(block, x, "post_attention_layernorm")));
      }
      const hidden = builder.rmsNorm(x, parameter.get("norm.weight")!, config.rmsNormEpsilon);
      return { hidden, ...headOf(builder, config.tiedHead ? table : weightFrom(parameter, "lm_head.weight")) };
    },
  };
}
