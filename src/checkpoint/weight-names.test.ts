import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { float32Tensor, memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { InputError } from "../foundation/errors.js";
import { type Checkpoint, openCheckpoint } from "./checkpoint.js";
import { canonicalName } from "./checkpoint-matrix.js";
import { matchMatrices } from "./match-matrices.js";
import { listMatrices, listSkipped, readMatrix } from "./weight-names.js";

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
const realModels = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** A checkpoint of names and shapes alone, all F32 unless said otherwise; the elements count from 0. */
function described(
  tensors: Record<string, number[]>,
  config: Record<string, unknown> | null = null,
  dtype = "F32",
): Checkpoint {
  const entries = Object.entries(tensors).map(([name, shape]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const counted = dtype === "F32" && count < 1e4;
    return [
      name,
      counted
        ? float32Tensor(
            shape,
            Array.from({ length: count }, (_, i) => i),
          )
        : { dtype, shape },
    ] as const;
  });
  return memoryCheckpoint(Object.fromEntries(entries), config);
}

/** Name, role, layer and rows x cols in one line each. */
function summary(checkpoint: Checkpoint): string[] {
  return listMatrices(checkpoint).map(
    ({ name, role, layer, rows, cols, transposed }) =>
      `${name} | ${role} | ${layer} | ${rows}x${cols}${transposed ? " transposed" : ""}`,
  );
}

function summaryOf(source: string): string[] {
  const checkpoint = openCheckpoint(source);
  const lines = summary(checkpoint);
  checkpoint.close();
  return lines;
}

describe("canonicalName", () => {
  it.each([
    ["transformer.h.4.attn.c_proj.weight", "h.4.attn.c_proj"],
    ["h.4.attn.c_proj.weight", "h.4.attn.c_proj"],
    ["model.layers.2.self_attn.o_proj.weight", "layers.2.self_attn.o_proj"],
    ["gpt_neox.layers.0.attention.dense.weight", "layers.0.attention.dense"],
    ["lm_head.weight", "lm_head"],
    ["transformer.h.4.attn.c_proj.bias", "h.4.attn.c_proj.bias"],
    ["modeling.weight", "modeling"],
  ])("%s -> %s", (tensor, expected) => expect(canonicalName(tensor)).toBe(expected));
});

describe("listMatrices", () => {
  it("knows GPT-2", () => {
    const block = (n: number) => [
      `h.${n}.attn.c_attn | attn.c_attn | ${n} | 24x8 transposed`,
      `h.${n}.attn.c_proj | attn.c_proj | ${n} | 8x8 transposed`,
      `h.${n}.mlp.c_fc | mlp.c_fc | ${n} | 32x8 transposed`,
      `h.${n}.mlp.c_proj | mlp.c_proj | ${n} | 8x32 transposed`,
    ];
    const expected = ["wpe | wpe | null | 16x8", "wte | wte | null | 11x8", ...block(0), ...block(1)];
    expect(summaryOf(join(fixtures, "tiny-gpt2"))).toEqual(expected);
    expect(summaryOf(join(fixtures, "tiny-gpt2", "model.safetensors"))).toEqual(expected);
  });

  it("knows Llama", () => {
    const lines = summaryOf(join(fixtures, "tiny-llama"));
    expect(lines.length).toBe(2 + 2 * 7);
    expect(lines.slice(0, 9)).toEqual([
      "embed_tokens | embed_tokens | null | 11x8",
      "lm_head | lm_head | null | 11x8",
      "layers.0.mlp.down_proj | mlp.down_proj | 0 | 8x12",
      "layers.0.mlp.gate_proj | mlp.gate_proj | 0 | 12x8",
      "layers.0.mlp.up_proj | mlp.up_proj | 0 | 12x8",
      "layers.0.self_attn.k_proj | self_attn.k_proj | 0 | 4x8",
      "layers.0.self_attn.o_proj | self_attn.o_proj | 0 | 8x8",
      "layers.0.self_attn.q_proj | self_attn.q_proj | 0 | 8x8",
      "layers.0.self_attn.v_proj | self_attn.v_proj | 0 | 4x8",
    ]);
  });

  it("knows GPT-NeoX", () => {
    const lines = summaryOf(join(fixtures, "tiny-neox"));
    expect(lines.length).toBe(2 + 2 * 4);
    expect(lines.slice(0, 6)).toEqual([
      "embed_in | embed_in | null | 11x8",
      "embed_out | embed_out | null | 11x8",
      "layers.0.attention.dense | attention.dense | 0 | 8x8",
      "layers.0.attention.query_key_value | attention.query_key_value | 0 | 24x8",
      "layers.0.mlp.dense_4h_to_h | mlp.dense_4h_to_h | 0 | 8x12",
      "layers.0.mlp.dense_h_to_4h | mlp.dense_h_to_4h | 0 | 12x8",
    ]);
  });

  it("tells GPT-2's names over torch.nn.Linear from Conv1D by the shapes", () => {
    const linear = described(
      { "h.0.attn.c_attn.weight": [24, 8], "h.0.attn.c_proj.weight": [8, 8] },
      { model_type: "gpt2" },
    );
    expect(summary(linear)).toEqual([
      "h.0.attn.c_attn | attn.c_attn | 0 | 24x8",
      "h.0.attn.c_proj | attn.c_proj | 0 | 8x8",
    ]);
    const onlyMlp = described({ "h.0.mlp.c_fc.weight": [8, 32], "h.0.mlp.c_proj.weight": [32, 8] });
    expect(summary(onlyMlp)[1]).toBe("h.0.mlp.c_proj | mlp.c_proj | 0 | 8x32 transposed");
    const onlySquare = { "h.0.attn.c_proj.weight": [8, 8] };
    expect(summary(described(onlySquare))[0]).not.toMatch(/transposed/);
    expect(summary(described(onlySquare, { model_type: "gpt2" }))[0]).toMatch(/transposed/);
  });

  it("finds a layer in names that it does not know, and sorts layers as numbers", () => {
    const shape = [4, 5];
    const lines = summary(
      described({
        "encoder.blocks.10.fc.weight": shape,
        "encoder.blocks.9.fc.weight": shape,
        "model.layers.3.mlp.experts.7.w1.weight": shape,
        "2.weight": shape,
        pos_embed: shape,
      }),
    );
    expect(lines).toEqual([
      "pos_embed | pos_embed | null | 4x5",
      "2 | 2 | 2 | 4x5",
      "layers.3.mlp.experts.7.w1 | mlp.experts.w1 | 3 | 4x5",
      "encoder.blocks.9.fc | encoder.fc | 9 | 4x5",
      "encoder.blocks.10.fc | encoder.fc | 10 | 4x5",
    ]);
  });

  it("leaves out vectors, masks, integers and the copy of a tied embedding", () => {
    const tensors = {
      "h.0.ln_1.weight": [8],
      "h.0.attn.bias": [1, 1, 16, 16],
      "h.0.attn.masked_bias": [],
      "wte.weight": [11, 8],
      "lm_head.weight": [11, 8],
    };
    expect(summary(described(tensors, { model_type: "gpt2" }))).toEqual(["wte | wte | null | 11x8"]);
    expect(summary(described(tensors, { model_type: "gpt2", tie_word_embeddings: false })).length).toBe(2);
    expect(summary(described({ "layers.0.q_proj.qweight": [4, 4] }, null, "I32"))).toEqual([]);
  });
});

describe("listSkipped", () => {
  const skipped = (tensors: Record<string, [dtype: string, ...shape: number[]]>) => {
    const entries = Object.entries(tensors).map(([name, [dtype, ...shape]]) => [name, { dtype, shape }] as const);
    return listSkipped(memoryCheckpoint(Object.fromEntries(entries)));
  };

  it.each<[string, string, [dtype: string, ...shape: number[]]]>([
    ["GPTQ and AWQ", "model.layers.0.mlp.up_proj.qweight", ["I32", 8, 64]],
    ["compressed-tensors", "model.layers.0.mlp.up_proj.weight_packed", ["I32", 64, 8]],
    ["4 bits of bitsandbytes", "model.layers.0.mlp.up_proj.weight", ["U8", 256, 1]],
    ["MXFP4 of GPT-OSS", "model.layers.0.mlp.experts.down_proj_blocks", ["U8", 2, 8, 4, 16]],
    ["4-bit floats", "model.layers.0.mlp.up_proj.weight", ["F4", 8, 8]],
  ])("names weights of %s", (_, tensor, [dtype, ...shape]) => {
    const reason = `stored as ${dtype}, which is not read`;
    expect(skipped({ [tensor]: [dtype, ...shape] })).toEqual([{ tensor, dtype, shape, reason }]);
  });

  it("names I8 without a scale, a stack of experts included", () => {
    const names = ["layers.0.up_proj.weight", "layers.0.mlp.experts.up_proj"];
    expect(skipped({ [names[0]]: ["I8", 4, 4], [names[1]]: ["I8", 2, 4, 4] })).toEqual(
      names.map((tensor) =>
        expect.objectContaining({ tensor, reason: expect.stringMatching(/^stored as I8 without/) }),
      ),
    );
  });

  it("leaves out what can be read, scales, indices, masks and vectors", () => {
    expect(
      skipped({
        "layers.0.up_proj.weight": ["F8_E4M3", 4, 4],
        "layers.0.up_proj.weight_scale": ["F32", 4, 1],
        "layers.0.down_proj.weight": ["I8", 4, 4],
        "layers.0.down_proj.SCB": ["F32", 4],
        "layers.0.q_proj.scales": ["F16", 1, 64],
        "layers.0.q_proj.qzeros": ["I32", 1, 8],
        "layers.0.q_proj.g_idx": ["I32", 64],
        "layers.0.attn.bias": ["BOOL", 1, 1, 8, 8],
        "layers.0.norm.weight": ["I8", 4],
      }),
    ).toEqual([]);
  });

  it("reads no scales", () => {
    const checkpoint = memoryCheckpoint({
      "x.weight": { dtype: "F8_E4M3", shape: [4, 4] },
      "x.weight_scale": { dtype: "F32", shape: [4, 1] },
    });
    const readFloat32 = () => expect.fail("a scale was read");
    expect(listSkipped({ ...checkpoint, readFloat32 })).toEqual([]);
  });
});

describe("readMatrix", () => {
  it("gives a Conv1D weight as output x input, as the layer's responses to unit vectors show", () => {
    const expected = JSON.parse(readFileSync(join(fixtures, "tiny-gpt2.json"), "utf8"))["h.1.mlp.c_fc"];
    const checkpoint = openCheckpoint(join(fixtures, "tiny-gpt2"));
    const [matrix] = matchMatrices(listMatrices(checkpoint), "h.1.mlp.c_fc");
    expect([matrix.rows, matrix.cols]).toEqual([expected.rows, expected.cols]);
    const values = readMatrix(checkpoint, matrix);
    checkpoint.close();
    const largest = Math.max(...values.map((value, i) => Math.abs(value - expected.values[i])));
    expect(values.length).toBe(expected.values.length);
    expect(largest).toBeLessThan(1e-7);
  });

  it("transposes matrices that are no multiple of its squares", () => {
    const checkpoint = described({ "h.0.attn.c_attn.weight": [37, 71] });
    const values = readMatrix(checkpoint, listMatrices(checkpoint)[0]);
    for (let i = 0; i < 71; i++)
      for (let j = 0; j < 37; j++) if (values[i * 37 + j] !== j * 71 + i) expect.fail(`${i}, ${j}`);
  });

  it("gives other weights as they are stored", () => {
    const checkpoint = described({ "layers.0.q_proj.weight": [2, 3] });
    expect([...readMatrix(checkpoint, listMatrices(checkpoint)[0])]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("matchMatrices", () => {
  const shape = [4, 4];
  const matrices = listMatrices(
    described({
      "transformer.wte.weight": shape,
      "transformer.h.0.attn.c_proj.weight": shape,
      "transformer.h.1.attn.c_proj.weight": shape,
      "transformer.h.11.mlp.c_proj.weight": shape,
    }),
  );
  const names = (pattern: string) => matchMatrices(matrices, pattern).map(({ name }) => name);

  it.each([
    ["h.0.attn.c_proj", ["h.0.attn.c_proj"]],
    ["h.*.attn.c_proj", ["h.0.attn.c_proj", "h.1.attn.c_proj"]],
    ["h.1*.*.c_proj", ["h.1.attn.c_proj", "h.11.mlp.c_proj"]],
    ["**.c_proj", ["h.0.attn.c_proj", "h.1.attn.c_proj", "h.11.mlp.c_proj"]],
    ["*", ["wte"]],
    ["**", ["wte", "h.0.attn.c_proj", "h.1.attn.c_proj", "h.11.mlp.c_proj"]],
    ["transformer.h.0.attn.c_proj.weight", ["h.0.attn.c_proj"]],
    ["transformer.*.weight", ["wte"]],
  ])("%s", (pattern, expected) => expect(names(pattern)).toEqual(expected));

  it.each(["h.0", "h.*.c_proj", "h?0.attn.c_proj", "h.[01].attn.c_proj", "", "(", "wt\\"])(
    "'%s' matches none",
    (pattern) => {
      expect(() => names(pattern)).toThrow(InputError);
    },
  );

  it("names the nearest", () => {
    expect(() => names("h.1.attn.cproj")).toThrow(/'h.1.attn.cproj': no matrix .* Nearest names: h.1.attn.c_proj, /);
  });
});

// The models are not part of the package: they lie beside a checkout where somebody works on it.
describe("real checkpoints", () => {
  it.for([
    ["nano-gpt-sort", 3 + 3 * 4],
    ["stories260K", 1 + 5 * 7],
  ] as const)("%s", ([name, count], { skip }) => {
    const source = join(realModels, name);
    if (!existsSync(source)) skip(`${name} is not beside this checkout`);
    const checkpoint = openCheckpoint(source);
    const matrices = listMatrices(checkpoint);
    expect(matrices.length).toBe(count);
    for (const matrix of matrices) {
      const values = readMatrix(checkpoint, matrix);
      expect(values.length).toBe(matrix.rows * matrix.cols);
      expect(values.every(Number.isFinite)).toBe(true);
    }
    checkpoint.close();
  });
});
