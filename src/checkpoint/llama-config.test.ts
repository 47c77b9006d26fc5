import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { parseLlamaConfig } from "./llama-config.js";

const smallest = { model_type: "llama", hidden_size: 64, num_attention_heads: 4, max_position_embeddings: 512 };
const grouped = { num_key_value_heads: 2 };
const of = (changes: object) => parseLlamaConfig({ ...smallest, ...changes });

describe("Llama's config.json", () => {
  it("takes from transformers what it leaves out", () => {
    expect(of({})).toMatchObject({
      ...{ layers: 32, keyValueHeads: 4, headWidth: 16, innerWidth: 11_008, vocabularySize: 32_000, tiedHead: false },
      ...{ activation: "silu", rmsNormEpsilon: 1e-6, queryKeyValueBias: false, outputBias: false, mlpBias: false },
      rope: { theta: 10_000, scaling: { kind: "none" }, rotatedShare: 1 },
    });
  });

  it("knows the biases and norms of the kin", () => {
    expect(of({ model_type: "qwen2", ...grouped })).toMatchObject({ queryKeyValueBias: true, outputBias: false });
    expect(of({ model_type: "qwen3", ...grouped })).toMatchObject({
      headWidth: 128,
      queryKeyNorm: true,
      queryKeyValueBias: false,
    });
    expect(of({ model_type: "llama", attention_bias: true })).toMatchObject({ outputBias: true });
    expect(of({ model_type: "mistral", attention_bias: true, ...grouped })).toMatchObject({ queryKeyValueBias: false });
    expect(of({ model_type: "minimind", intermediate_size: null, hidden_size: 512 })).toMatchObject({
      ...{ innerWidth: 1408, tiedHead: true, keyValueHeads: 2, rope: { theta: 1e6 } },
    });
  });

  it("lets examples be no longer than a sliding window that is used", () => {
    const mistral = { model_type: "mistral", ...grouped, max_position_embeddings: 32_768 };
    expect(of({ ...mistral, sliding_window: 4096 }).contextLength).toBe(4096);
    expect(of({ ...mistral, sliding_window: null }).contextLength).toBe(32_768);
    expect(of(mistral).contextLength).toBe(4096);
    const qwen = { model_type: "qwen2", ...grouped, max_position_embeddings: 32_768, sliding_window: 4096 };
    expect(of({ ...qwen, use_sliding_window: false }).contextLength).toBe(32_768);
    expect(of({ ...qwen, use_sliding_window: true }).contextLength).toBe(4096);
  });

  it.each([
    [{ model_type: "gemma2" }, /model_type is "gemma2"/],
    [{ model_type: "constructor" }, /model_type is "constructor"/],
    [{ hidden_act: "relu" }, /hidden_act is "relu", but only silu/],
    [{ quantization_config: { bits: 4 } }, /quantization_config/],
    [{ num_experts: 8 }, /num_experts is 8/],
    [{ use_moe: true }, /use_moe/],
    [{ layer_types: ["full_attention", "chunked_attention"] }, /layer_types is "chunked_attention"/],
    [{ architectures: ["LlamaForSequenceClassification"] }, /architectures is "LlamaForSequenceClassification"/],
    [{ num_key_value_heads: 3 }, /num_key_value_heads is 3, but only a divisor of num_attention_heads \(4\)/],
    [{ num_attention_heads: 3, num_key_value_heads: 3 }, /divisor of hidden_size \(64\)/],
    [{ head_dim: 7 }, /head_dim is 7, but only an even width/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0.5/],
    [{ rope_scaling: { type: "longrope" } }, /longrope/],
    [{ hidden_size: "64" }, /hidden_size: .*A Llama configuration is wanted/],
  ])("refuses by name what is not supported: %j", (changes, message) => {
    expect(() => of(changes)).toThrow(InputError);
    expect(() => of(changes)).toThrow(message);
  });
});
