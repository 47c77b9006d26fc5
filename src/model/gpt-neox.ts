/** @file GPT-NeoX (Black et al. 2022; Pythia) as a graph, from its Hugging Face config. Knows nothing of training or files. */
import type { GptNeoxConfig } from "../checkpoint/gpt-neox-config.js";
import type { Value } from "../graph/graph.js";
import { type Block, blockLinear } from "./block.js";
import type { LanguageModel, ParameterSpec, SequenceInputs, SequenceShape } from "./language-model.js";
import { rotaryFrequencies } from "./rotary-frequencies.js";
import { type FactoredRanks, headOf, lookUp, weightFrom, weightParameters } from "./weight.js";

function parameters(config: GptNeoxConfig, ranks: FactoredRanks): ParameterSpec[] {
  const { width, innerWidth, vocabularySize, attentionBias } = config;
  const vector = (name: string, size: number): ParameterSpec => ({ name, shape: [size] });
  const norm = (name: string) => [vector(`${name}.weight`, width), vector(`${name}.bias`, width)];
  const matrix = (name: string, rows: number, columns: number) => weightParameters(name, [rows, columns], ranks);
  const linear = (name: string, fanOut: number, fanIn: number, biased = true) => [
    ...matrix(`${name}.weight`, fanOut, fanIn),
    ...(biased ? [vector(`${name}.bias`, fanOut)] : []),
  ];
  const block = (prefix: string) => [
    ...norm(`${prefix}.input_layernorm`),
    ...norm(`${prefix}.post_attention_layernorm`),
    ...linear(`${prefix}.attention.query_key_value`, 3 * width, width, attentionBias),
    ...linear(`${prefix}.attention.dense`, width, width, attentionBias),
    ...linear(`${prefix}.mlp.dense_h_to_4h`, innerWidth, width),
    ...linear(`${prefix}.mlp.dense_4h_to_h`, width, innerWidth),
  ];
  return [
    ...matrix("embed_in.weight", vocabularySize, width),
    ...Array.from({ length: config.layers }, (_, n) => block(`layers.${n}`)).flat(),
    ...norm("final_layer_norm"),
    ...(config.tiedHead ? [] : matrix("embed_out.weight", vocabularySize, width)),
  ];
}

function norm({ builder, config, parameter, prefix }: Block<GptNeoxConfig>, x: Value, name: string): Value {
  const vector = (kind: string) => parameter.get(`${prefix}.${name}.${kind}`)!;
  return builder.layerNorm(x, vector("weight"), vector("bias"), config.layerNormEpsilon);
}

function attention(
  block: Block<GptNeoxConfig>,
  x: Value,
  inputs: SequenceInputs,
  { rows, length }: SequenceShape,
): Value {
  const { builder, config } = block;
  const { heads, width } = config;
  const headWidth = width / heads;
  const positions = rows * length;
  const { frequencies, scoreFactor } = rotaryFrequencies(config.rope, headWidth);
  // The packed projection holds q, k and v of one head after the other.
  const packed = builder.reshape(blockLinear(block, x, "attention.query_key_value"), positions * heads, 3 * headWidth);
  const [q, k, v] = builder
    .splitColumns(packed, [headWidth, headWidth, headWidth])
    .map((part) => builder.reshape(part, positions, width));
  const rotated = (part: Value) => builder.rotary(part, inputs.positions, { heads, headWidth, frequencies });
  const scale = scoreFactor / Math.sqrt(headWidth);
  const attributes = { rows, length, heads, keyValueHeads: heads, scale };
  const attended = builder.causalAttention(rotated(q), rotated(k), v, inputs.segments, attributes);
  return blockLinear(block, attended, "attention.dense");
}

function mlp(block: Block<GptNeoxConfig>, x: Value): Value {
  const { builder, config } = block;
  const inner = builder.gelu(blockLinear(block, x, "mlp.dense_h_to_4h"), config.geluApproximation);
  return blockLinear(block, inner, "mlp.dense_4h_to_h");
}

/** @param ranks weights that are applied as two thin products. */
export function gptNeox(config: GptNeoxConfig, ranks: FactoredRanks = new Map()): LanguageModel {
  return {
    architecture: "gpt_neox",
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    parameters: parameters(config, ranks),
    forward(builder, parameter, inputs, shape) {
      const table = weightFrom(parameter, "embed_in.weight");
      let x = lookUp(builder, table, inputs.tokens);
      for (let n = 0; n < config.layers; n++) {
        const block = { builder, config, parameter, prefix: `layers.${n}` };
        const attended = builder.add(x, attention(block, norm(block, x, "input_layernorm"), inputs, shape));
        const read = config.parallelResidual ? x : attended;
        x = builder.add(attended, mlp(block, norm(block, read, "post_attention_layernorm")));
      }
      const vector = (kind: string) => parameter.get(`final_layer_norm.${kind}`)!;
      const hidden = builder.layerNorm(x, vector("weight"), vector("bias"), config.layerNormEpsilon);
      return { hidden, ...headOf(builder, config.tiedHead ? table : weightFrom(parameter, "embed_out.weight")) };
    },
  };
}
