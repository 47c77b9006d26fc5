/** @file GPT-2 (Radford et al. 2019) as a graph, from its Hugging Face config. Knows nothing of training or files. */
import type { Gpt2Config } from "../checkpoint/gpt2-config.js";
import type { Value } from "../graph/graph.js";
import type { GraphBuilder } from "../graph/graph-builder.js";
import type { LanguageModel, ParameterSpec, SequenceShape } from "./language-model.js";
import { applyLinear, type FactoredRanks, headOf, lookUp, weightFrom, weightParameters } from "./weight.js";

/** Conv1D stores [in, out]. */
const layout = "inputOutput";

function parameters(config: Gpt2Config, ranks: FactoredRanks): ParameterSpec[] {
  const { width, innerWidth } = config;
  const vector = (name: string, size: number): ParameterSpec => ({ name, shape: [size] });
  const norm = (name: string) => [vector(`${name}.weight`, width), vector(`${name}.bias`, width)];
  const matrix = (name: string, rows: number, columns: number) => weightParameters(name, [rows, columns], ranks);
  const conv = (name: string, fanIn: number, fanOut: number) => [
    ...matrix(`${name}.weight`, fanIn, fanOut),
    vector(`${name}.bias`, fanOut),
  ];
  const block = (n: number) => [
    ...norm(`h.${n}.ln_1`),
    ...conv(`h.${n}.attn.c_attn`, width, 3 * width),
    ...conv(`h.${n}.attn.c_proj`, width, width),
    ...norm(`h.${n}.ln_2`),
    ...conv(`h.${n}.mlp.c_fc`, width, innerWidth),
    ...conv(`h.${n}.mlp.c_proj`, innerWidth, width),
  ];
  return [
    ...matrix("wte.weight", config.vocabularySize, width),
    ...matrix("wpe.weight", config.contextLength, width),
    ...Array.from({ length: config.layers }, (_, n) => block(n)).flat(),
    ...norm("ln_f"),
    ...(config.tiedHead ? [] : matrix("lm_head.weight", config.vocabularySize, width)),
  ];
}

function block(
  builder: GraphBuilder,
  config: Gpt2Config,
  parameter: ReadonlyMap<string, Value>,
  x: Value,
  segments: Value | null,
  { rows, length }: SequenceShape,
  prefix: string,
): Value {
  const { width, heads } = config;
  const vector = (name: string) => parameter.get(`${prefix}.${name}`)!;
  const conv = (input: Value, name: string) =>
    applyLinear(builder, input, weightFrom(parameter, `${prefix}.${name}.weight`), vector(`${name}.bias`), layout);
  const norm = (input: Value, name: string) =>
    builder.layerNorm(input, vector(`${name}.weight`), vector(`${name}.bias`), config.layerNormEpsilon);
  const [q, k, v] = builder.splitColumns(conv(norm(x, "ln_1"), "attn.c_attn"), [width, width, width]);
  const scale = config.scaleAttention ? 1 / Math.sqrt(width / heads) : 1;
  const attended = builder.causalAttention(q, k, v, segments, { rows, length, heads, keyValueHeads: heads, scale });
  const afterAttention = builder.add(x, conv(attended, "attn.c_proj"));
  const inner = builder.gelu(conv(norm(afterAttention, "ln_2"), "mlp.c_fc"), config.geluApproximation);
  return builder.add(afterAttention, conv(inner, "mlp.c_proj"));
}

/** @param ranks weights that are applied as two thin products. */
export function gpt2(config: Gpt2Config, ranks: FactoredRanks = new Map()): LanguageModel {
  return {
    architecture: "gpt2",
    contextLength: config.contextLength,
    vocabularySize: config.vocabularySize,
    parameters: parameters(config, ranks),
    forward(builder, parameter, { tokens, positions, segments }, shape) {
      const tokenTable = weightFrom(parameter, "wte.weight");
      const embedded = builder.add(
        lookUp(builder, tokenTable, tokens),
        lookUp(builder, weightFrom(parameter, "wpe.weight"), positions),
      );
      let x = embedded;
      for (let n = 0; n < config.layers; n++) x = block(builder, config, parameter, x, segments, shape, `h.${n}`);
      const hidden = builder.layerNorm(
        x,
        parameter.get("ln_f.weight")!,
        parameter.get("ln_f.bias")!,
        config.layerNormEpsilon,
      );
      const head = config.tiedHead ? tokenTable : weightFrom(parameter, "lm_head.weight");
      return { hidden, ...headOf(builder, head) };
    },
  };
}
