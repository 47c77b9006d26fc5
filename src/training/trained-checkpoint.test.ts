import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { architectureFixtures, architectureFolder } from "../../test/architecture-fixture.js";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { InputError } from "../foundation/errors.js";
import { openBaseModel } from "./base-model.js";
import { trainedCheckpoint } from "./trained-checkpoint.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-trained-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config = (path: string) => JSON.parse(readFileSync(join(path, "config.json"), "utf8"));

/** Names, shapes, element types and values. */
function tensorsOf(path: string): unknown[] {
  const checkpoint = openCheckpoint(path);
  try {
    return [...checkpoint.tensors.values()].map(({ name, shape, dtype }) => [
      ...[name, shape, dtype],
      checkpoint.readFloat32(name),
    ]);
  } finally {
    checkpoint.close();
  }
}

describe("a trained checkpoint", () => {
  it.each(Object.keys(architectureFixtures))("of %s is what transformers wrote, where nothing was trained", (name) => {
    const source = architectureFolder(name);
    const saved = join(folder, name);
    writeCheckpointFolder(saved, trainedCheckpoint(source, openBaseModel(source).weights));
    expect(tensorsOf(saved).sort()).toEqual(tensorsOf(source).sort());
    expect(config(saved)).toEqual(config(source));
  });

  it("holds the new values, in the element type that is asked for, and the tokenizer", () => {
    const source = join(folder, "with-tokenizer");
    const untrained = openBaseModel(architectureFolder("qwen2"));
    writeCheckpointFolder(source, {
      ...trainedCheckpoint(architectureFolder("qwen2"), untrained.weights),
      extraFiles: { "tokenizer.json": "{}", "tokenizer.model": Uint8Array.of(0, 255, 7) },
    });
    const weights = new Map([...untrained.weights].map(([name, values]) => [name, values.map((value) => value + 1)]));
    const saved = join(folder, "bfloat16");
    writeCheckpointFolder(saved, trainedCheckpoint(source, weights, { dtype: "BF16" }));
    const name = "layers.1.mlp.down_proj.weight";
    const reopened = openBaseModel(saved).weights.get(name)!;
    reopened.forEach((value, i) => {
      expect(Math.abs(value - weights.get(name)![i])).toBeLessThan(0.01);
    });
    expect(config(saved).dtype).toBe("bfloat16");
    expect([...readFileSync(join(saved, "tokenizer.model"))]).toEqual([0, 255, 7]);
    expect(readFileSync(join(saved, "tokenizer.json"), "utf8")).toBe("{}");
  });

  it("gives a stored copy of the tied head the embedding's values", () => {
    const source = architectureFolder("llama");
    const { weights } = openBaseModel(source);
    const embedding = weights.get("embed_tokens.weight")!;
    const twice = join(folder, "stored-head");
    const plain = trainedCheckpoint(source, weights);
    const copy = { name: "lm_head.weight", shape: [37, 16], dtype: "F32" as const, data: new Float32Array(37 * 16) };
    writeCheckpointFolder(twice, { ...plain, tensors: [...plain.tensors, copy] });
    const saved = [...trainedCheckpoint(twice, weights).tensors].find(({ name }) => name === "lm_head.weight")!;
    expect(saved.data).toEqual(embedding);
  });

  it("is refused for a tensor that the model does not have", () => {
    const source = architectureFolder("llama");
    const { weights } = openBaseModel(source);
    const fewer = new Map([...weights].filter(([name]) => name !== "norm.weight"));
    expect(() => trainedCheckpoint(source, fewer)).toThrow(InputError);
    expect(() => trainedCheckpoint(source, fewer)).toThrow(/'model\.norm\.weight' is no parameter/);
  });
});
