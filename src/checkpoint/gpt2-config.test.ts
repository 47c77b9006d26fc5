import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { gpt2ConfigJson, parseGpt2Config } from "./gpt2-config.js";

const tiny = JSON.parse(
  readFileSync(new URL("../../test/fixtures/checkpoint/tiny-gpt2/config.json", import.meta.url), "utf8"),
) as Record<string, unknown>;

describe("parseGpt2Config", () => {
  it("reads what transformers wrote", () => {
    expect(parseGpt2Config(tiny)).toEqual({
      layers: 2,
      heads: 2,
      width: 8,
      innerWidth: 32,
      contextLength: 16,
      vocabularySize: 11,
      geluApproximation: "tanh",
      layerNormEpsilon: 1e-5,
      tiedHead: true,
      scaleAttention: true,
      initializerRange: 0.02,
      bosTokenId: 0,
      eosTokenId: 1,
    });
  });

  it("fills in the defaults of transformers, which are GPT-2 small", () => {
    const config = parseGpt2Config({ model_type: "gpt2" });
    expect([config.layers, config.heads, config.width, config.innerWidth]).toEqual([12, 12, 768, 3072]);
    expect([config.contextLength, config.vocabularySize, config.tiedHead]).toEqual([1024, 50257, true]);
  });

  it("reads the older name of the context, null tokens, other widths and the exact gelu", () => {
    const config = parseGpt2Config({
      ...tiny,
      n_positions: undefined,
      n_ctx: 9,
      n_inner: 20,
      eos_token_id: null,
      activation_function: "gelu",
      tie_word_embeddings: false,
      scale_attn_weights: false,
    });
    expect(config).toMatchObject({
      contextLength: 9,
      innerWidth: 20,
      eosTokenId: null,
      geluApproximation: "none",
      tiedHead: false,
      scaleAttention: false,
    });
    expect(parseGpt2Config({ ...tiny, activation_function: "gelu_pytorch_tanh" }).geluApproximation).toBe("tanh");
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["another activation", { activation_function: "relu" }, /dir: activation_function is "relu", but only gelu_new/],
    ["scaling by layer", { scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx is true/],
    ["cross-attention", { add_cross_attention: true }, /add_cross_attention is true/],
    ["quantization", { quantization_config: { bits: 4 } }, /quantization_config is {"bits":4}/],
    ["another head", { architectures: ["GPT2ForSequenceClassification"] }, /architectures is "GPT2ForSequence/],
    ["heads that do not divide the width", { n_head: 3 }, /n_head is 3, but only a divisor of n_embd \(8\)/],
    ["another model", { model_type: "llama" }, /dir: model_type: .*gpt2/],
    ["no layers", { n_layer: 0 }, /dir: n_layer: /],
    ["a size that is no number", { n_embd: "8" }, /dir: n_embd: /],
    ["a missing model type", { model_type: undefined }, /dir: model_type: /],
  ])("refuses %s by name", (_, change, message) => {
    expect(() => parseGpt2Config({ ...tiny, ...change }, "dir")).toThrow(InputError);
    expect(() => parseGpt2Config({ ...tiny, ...change }, "dir")).toThrow(message);
  });
});

describe("gpt2ConfigJson", () => {
  it("is read back as the same configuration", () => {
    for (const change of [
      {},
      { n_inner: 20, activation_function: "gelu", tie_word_embeddings: false, bos_token_id: null },
    ]) {
      const config = parseGpt2Config({ ...tiny, ...change });
      expect(parseGpt2Config(gpt2ConfigJson(config))).toEqual(config);
    }
  });

  it("agrees with what transformers wrote on every key that both hold, but dropout", () => {
    const written = gpt2ConfigJson(parseGpt2Config(tiny));
    const shared = Object.keys(written).filter((key) => key in tiny && !key.endsWith("pdrop"));
    expect(shared.length).toBeGreaterThan(15);
    for (const key of shared) expect([key, written[key]]).toEqual([key, tiny[key]]);
    expect([written.resid_pdrop, written.embd_pdrop, written.attn_pdrop]).toEqual([0, 0, 0]);
  });
});
