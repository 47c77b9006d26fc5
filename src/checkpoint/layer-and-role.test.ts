import { describe, expect, it } from "vitest";
import { canonicalName } from "./checkpoint-matrix.js";
import { layerAndRole } from "./layer-and-role.js";

type Case = readonly [tensor: string, layer: number | null, role: string, expert?: number];

/** Names as the families' checkpoints hold them. */
const families: Readonly<Record<string, readonly Case[]>> = {
  "GPT-2": [
    ["transformer.wte.weight", null, "wte"],
    ["wpe.weight", null, "wpe"],
    ["transformer.h.11.attn.c_attn.weight", 11, "attn.c_attn"],
    ["h.0.attn.c_proj.weight", 0, "attn.c_proj"],
    ["h.3.mlp.c_fc.weight", 3, "mlp.c_fc"],
    ["lm_head.weight", null, "lm_head"],
  ],
  "Llama, Mistral, Qwen, Gemma": [
    ["model.embed_tokens.weight", null, "embed_tokens"],
    ["model.layers.31.self_attn.q_proj.weight", 31, "self_attn.q_proj"],
    ["model.layers.0.mlp.down_proj.weight", 0, "mlp.down_proj"],
    ["lm_head.weight", null, "lm_head"],
  ],
  "models that also see": [
    ["language_model.model.embed_tokens.weight", null, "embed_tokens"],
    ["language_model.model.layers.2.self_attn.k_proj.weight", 2, "self_attn.k_proj"],
    ["model.language_model.layers.2.mlp.up_proj.weight", 2, "mlp.up_proj"],
    ["language_model.lm_head.weight", null, "lm_head"],
    [
      "vision_tower.vision_model.encoder.layers.4.self_attn.q_proj.weight",
      4,
      "vision_tower.vision_model.encoder.self_attn.q_proj",
    ],
    ["model.visual.blocks.7.attn.qkv.weight", 7, "visual.attn.qkv"],
    ["multi_modal_projector.linear_1.weight", null, "multi_modal_projector.linear_1"],
  ],
  "mixtures of experts": [
    ["model.layers.3.block_sparse_moe.gate.weight", 3, "block_sparse_moe.gate"],
    ["model.layers.3.block_sparse_moe.experts.7.w1.weight", 3, "block_sparse_moe.experts.w1", 7],
    ["model.layers.60.mlp.experts.255.down_proj.weight", 60, "mlp.experts.down_proj", 255],
    ["model.layers.60.mlp.shared_experts.up_proj.weight", 60, "mlp.shared_experts.up_proj"],
    ["encoder.block.1.layer.1.mlp.experts.expert_3.wi.weight", 1, "encoder.layer.1.mlp.experts.wi", 3],
    ["language_model.model.layers.1.feed_forward.experts.gate_up_proj", 1, "feed_forward.experts.gate_up_proj"],
  ],
  "GPT-NeoX": [
    ["gpt_neox.embed_in.weight", null, "embed_in"],
    ["gpt_neox.layers.5.attention.query_key_value.weight", 5, "attention.query_key_value"],
    ["gpt_neox.layers.5.mlp.dense_4h_to_h.weight", 5, "mlp.dense_4h_to_h"],
    ["embed_out.weight", null, "embed_out"],
  ],
  Bloom: [
    ["transformer.word_embeddings.weight", null, "word_embeddings"],
    ["transformer.h.29.self_attention.query_key_value.weight", 29, "self_attention.query_key_value"],
    ["h.29.mlp.dense_h_to_4h.weight", 29, "mlp.dense_h_to_4h"],
  ],
  "GPT-Neo": [
    ["transformer.h.1.attn.attention.k_proj.weight", 1, "attn.attention.k_proj"],
    ["transformer.h.1.attn.attention.out_proj.weight", 1, "attn.attention.out_proj"],
    ["transformer.h.1.mlp.c_fc.weight", 1, "mlp.c_fc"],
  ],
  Phi: [
    ["model.layers.9.self_attn.dense.weight", 9, "self_attn.dense"],
    ["model.layers.9.mlp.fc2.weight", 9, "mlp.fc2"],
    ["model.layers.9.self_attn.qkv_proj.weight", 9, "self_attn.qkv_proj"],
    ["model.layers.9.mlp.gate_up_proj.weight", 9, "mlp.gate_up_proj"],
  ],
  BERT: [
    ["bert.embeddings.word_embeddings.weight", null, "embeddings.word_embeddings"],
    ["bert.encoder.layer.10.attention.self.query.weight", 10, "encoder.attention.self.query"],
    ["encoder.layer.10.attention.self.query.weight", 10, "encoder.attention.self.query"],
    ["bert.encoder.layer.0.output.dense.weight", 0, "encoder.output.dense"],
    ["cls.predictions.transform.dense.weight", null, "cls.predictions.transform.dense"],
  ],
  OPT: [
    ["model.decoder.embed_positions.weight", null, "decoder.embed_positions"],
    ["model.decoder.layers.6.self_attn.out_proj.weight", 6, "decoder.self_attn.out_proj"],
    ["model.decoder.layers.6.fc1.weight", 6, "decoder.fc1"],
  ],
  T5: [
    ["shared.weight", null, "shared"],
    ["encoder.block.2.layer.0.SelfAttention.q.weight", 2, "encoder.layer.0.SelfAttention.q"],
    ["encoder.block.2.layer.1.DenseReluDense.wi_0.weight", 2, "encoder.layer.1.DenseReluDense.wi_0"],
    ["decoder.block.0.layer.1.EncDecAttention.o.weight", 0, "decoder.layer.1.EncDecAttention.o"],
    ["decoder.block.0.layer.2.DenseReluDense.wo.weight", 0, "decoder.layer.2.DenseReluDense.wo"],
  ],
  "names not known": [
    ["blocks.3.wide.weight", 3, "wide"],
    ["trunk.layer_12.proj.weight", 12, "trunk.proj"],
    ["5.weight", 5, "5"],
    ["mlp.experts.2.w1.weight", null, "mlp.experts.w1", 2],
    ["model.transformer.weight", null, "transformer"],
  ],
};

describe.each(Object.entries(families))("%s", (_, cases) => {
  it.each(cases)("%s: layer %s, role %s", (tensor, layer, role, expert) => {
    expect(layerAndRole(canonicalName(String(tensor)))).toEqual({ layer, role, expert: expert ?? null });
  });
});
