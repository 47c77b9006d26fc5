import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { parseGptNeoxConfig } from "./gpt-neox-config.js";

/** As Pythia-70m has it, with the keys that matter. */
const pythia = {
  ...{ architectures: ["GPTNeoXForCausalLM"], model_type: "gpt_neox", hidden_size: 512, intermediate_size: 2048 },
  ...{ num_attention_heads: 8, num_hidden_layers: 6, rotary_emb_base: 10_000, rotary_pct: 0.25, vocab_size: 50_304 },
  ...{ max_position_embeddings: 2048, hidden_act: "gelu", use_parallel_residual: true, tie_word_embeddings: false },
};
const of = (changes: object) => parseGptNeoxConfig({ ...pythia, ...changes });

describe("GPT-NeoX's config.json", () => {
  it("is read in the spelling of Pythia and in that of transformers 5", () => {
    expect(of({})).toMatchObject({
      ...{ layers: 6, innerWidth: 2048, geluApproximation: "none", parallelResidual: true, attentionBias: true },
      rope: { theta: 10_000, rotatedShare: 0.25, scaling: { kind: "none" } },
    });
    const { rotary_pct: _share, rotary_emb_base: _base, ...rest } = pythia;
    const rope = { rope_type: "default", rope_theta: 100, partial_rotary_factor: 0.5 };
    expect(parseGptNeoxConfig({ ...rest, rope_parameters: rope }).rope).toMatchObject({
      theta: 100,
      rotatedShare: 0.5,
    });
  });

  it.each([
    [{ hidden_act: "relu" }, /hidden_act is "relu", but only gelu/],
    [{ num_attention_heads: 7 }, /num_attention_heads is 7, but only a divisor of hidden_size \(512\)/],
    [{ rotary_pct: 0.05 }, /rotary_pct is 0.05, but only an even part of each head/],
    [{ quantization_config: {} }, /quantization_config/],
    [{ architectures: ["GPTNeoXForQuestionAnswering"] }, /GPTNeoXForQuestionAnswering/],
    [{ rope_scaling: { type: "yarn", factor: 2 } }, /yarn/],
    [{ vocab_size: 0 }, /vocab_size/],
  ])("refuses by name what is not supported: %j", (changes, message) => {
    expect(() => of(changes)).toThrow(InputError);
    expect(() => of(changes)).toThrow(message);
  });
});
