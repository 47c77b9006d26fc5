import { describe, expect, it } from "vitest";
import { memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { parameterCount } from "./parameter-count.js";
import { listMatrices } from "./weight-names.js";

const table = { dtype: "F32", shape: [10, 4] };
const other = { dtype: "F32", shape: [4, 4] };

const counted = (tensors: Record<string, typeof table>, config: Record<string, unknown>) => {
  const checkpoint = memoryCheckpoint(tensors, config);
  return [parameterCount(checkpoint), listMatrices(checkpoint).length];
};

describe("a tied output head that is stored beside its embedding", () => {
  it.each([
    [
      "t5",
      { "shared.weight": table, "lm_head.weight": table, "encoder.block.0.layer.0.SelfAttention.q.weight": other },
    ],
    [
      "bert",
      {
        "bert.embeddings.word_embeddings.weight": table,
        "cls.predictions.decoder.weight": table,
        "bert.encoder.layer.0.attention.self.query.weight": other,
      },
    ],
    [
      "roberta",
      {
        "roberta.embeddings.word_embeddings.weight": table,
        "lm_head.decoder.weight": table,
        "roberta.encoder.layer.0.attention.self.query.weight": other,
      },
    ],
    [
      "opt",
      {
        "model.decoder.embed_tokens.weight": table,
        "lm_head.weight": table,
        "model.decoder.layers.0.fc1.weight": other,
      },
    ],
  ])("counts once: %s", (model_type, tensors) => {
    expect(counted(tensors, { model_type })).toEqual([40 + 16, 2]);
    // Untied by the config, it is a matrix of its own.
    expect(counted(tensors, { model_type, tie_word_embeddings: false })).toEqual([80 + 16, 3]);
  });

  it("is one of its own where the architecture does not tie by default", () => {
    const llama = { "model.embed_tokens.weight": table, "lm_head.weight": table };
    expect(counted(llama, { model_type: "llama" })).toEqual([80, 2]);
    expect(counted(llama, { model_type: "llama", tie_word_embeddings: true })).toEqual([40, 1]);
  });

  it("counts the tables of T5's two sides once, head or not", () => {
    const sides = {
      "shared.weight": table,
      "encoder.embed_tokens.weight": table,
      "decoder.embed_tokens.weight": table,
    };
    expect(counted(sides, { model_type: "t5", tie_word_embeddings: false })).toEqual([40, 1]);
  });
});
