import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { openCheckpoint } from "./checkpoint.js";
import { parameterCount } from "./parameter-count.js";
import { writeSafetensors } from "./safetensors-writer.js";

const fixtures = fileURLToPath(new URL("../../test/fixtures/checkpoint/", import.meta.url));
const fixture = (name: string) => join(fixtures, name);
const json = (name: string) => JSON.parse(readFileSync(fixture(name), "utf8"));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function expectRefusal(source: string, message: RegExp): void {
  expect(() => openCheckpoint(source)).toThrow(InputError);
  expect(() => openCheckpoint(source)).toThrow(message);
}

describe("openCheckpoint", () => {
  it("opens a folder with its config", () => {
    const checkpoint = openCheckpoint(fixture("tiny-gpt2"));
    expect(checkpoint.config).toEqual(json("tiny-gpt2/config.json"));
    expect(checkpoint.tensors.get("transformer.wte.weight")).toMatchObject({ dtype: "F32", shape: [11, 8] });
    expect(checkpoint.source).toBe(fixture("tiny-gpt2"));
    checkpoint.close();
  });

  it("opens one file without a config", () => {
    const checkpoint = openCheckpoint(fixture("tiny-gpt2/model.safetensors"));
    expect(checkpoint.config).toBeNull();
    expect(checkpoint.tensors.size).toBe(28);
    checkpoint.close();
  });

  it("finds the same tensors in shards as in one file", () => {
    const whole = openCheckpoint(fixture("tiny-gpt2"));
    const sharded = openCheckpoint(fixture("tiny-gpt2-sharded"));
    expect([...sharded.tensors.keys()].sort()).toEqual([...whole.tensors.keys()].sort());
    for (const name of whole.tensors.keys()) expect(sharded.readFloat32(name)).toEqual(whole.readFloat32(name));
    whole.close();
    sharded.close();
  });

  it("hashes the weight files in the order of their names", () => {
    const whole = openCheckpoint(fixture("tiny-gpt2"));
    expect(whole.sha256()).toBe(sha256OfBytes(readFileSync(fixture("tiny-gpt2/model.safetensors"))));
    whole.close();
    const sharded = openCheckpoint(fixture("tiny-gpt2-sharded"));
    const shards = [1, 2, 3].map((n) => readFileSync(fixture(`tiny-gpt2-sharded/model-0000${n}-of-00003.safetensors`)));
    expect(sharded.sha256()).toBe(sha256OfBytes(Buffer.concat(shards)));
    sharded.close();
  });

  it("names the neighbours of an unknown tensor, over all shards", () => {
    const checkpoint = openCheckpoint(fixture("tiny-gpt2-sharded"));
    expect(() => checkpoint.readFloat32("transformer.h.1.mlp.cproj.weight")).toThrow(InputError);
    expect(() => checkpoint.readFloat32("transformer.h.1.mlp.cproj.weight")).toThrow(
      /Nearest names: transformer\.h\.1\.mlp\.c_proj\.weight/,
    );
    checkpoint.close();
    expect(() => checkpoint.readFloat32("transformer.wte.weight")).toThrow(/after closing/);
  });
});

describe("openCheckpoint refuses", () => {
  it("what does not exist, and tells a hub id from a path", () => {
    expectRefusal(
      "openai-community/gpt2@main",
      /is no local folder or file\. .*download openai-community\/gpt2 --local-dir/,
    );
    expectRefusal(join(folder, "absent"), /no such folder or file/);
    expectRefusal("./absent", /no such folder or file/);
  });

  it("pickle files, with the way to convert them", () => {
    writeFileSync(join(folder, "pytorch_model.bin"), "PK");
    expectRefusal(folder, /pickle file \(pytorch_model.bin\).*safe_serialization=True/);
    expectRefusal(join(folder, "pytorch_model.bin"), /is a pickle file.*safe_serialization=True/);
  });

  it("other files and folders without weights", () => {
    expectRefusal(folder, /holds neither model.safetensors nor model.safetensors.index.json/);
    writeFileSync(join(folder, "model.gguf"), "GGUF");
    expectRefusal(join(folder, "model.gguf"), /is not a .safetensors file/);
    copyFileSync(fixture("mixed.safetensors"), join(folder, "other.safetensors"));
    expectRefusal(folder, /but other.safetensors. Give that file itself/);
    copyFileSync(fixture("mixed.safetensors"), join(folder, "compact.safetensors"));
    expectRefusal(folder, /compact checkpoint.*--to dense/);
    copyFileSync(fixture("mixed.safetensors"), join(folder, "adapter_model.safetensors"));
    expectRefusal(folder, /LoRA adapter.*merge_and_unload/);
  });

  it.each([
    ["{", /config.json: cannot be read as JSON/],
    ["[]", /config.json: is not a JSON object/],
  ])("a config of %s", (text, message) => {
    copyFileSync(fixture("mixed.safetensors"), join(folder, "model.safetensors"));
    writeFileSync(join(folder, "config.json"), text);
    expectRefusal(folder, message);
  });

  it.each<[string, unknown, RegExp]>([
    ["no weight_map", {}, /holds no weight_map/],
    ["an empty weight_map", { weight_map: {} }, /weight_map is empty/],
    ["a missing shard", { weight_map: { a: "absent.safetensors" } }, /maps 'a' to absent.safetensors, which is absent/],
    ["a shard outside the folder", { weight_map: { a: "../model.safetensors" } }, /name of a file beside it/],
    ["a shard that is no name", { weight_map: { a: 7 } }, /maps 'a' to 7/],
    [
      "a tensor that its shard lacks",
      { weight_map: { z: "shard.safetensors" } },
      /shard.safetensors: holds no tensor 'z'/,
    ],
  ])("an index with %s", (_, index, message) => {
    copyFileSync(fixture("mixed.safetensors"), join(folder, "shard.safetensors"));
    writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
    expectRefusal(folder, message);
  });

  it("a folder with a truncated shard", () => {
    cpSync(fixture("tiny-gpt2-sharded"), join(folder, "copy"), { recursive: true });
    const shard = join(folder, "copy", "model-00002-of-00003.safetensors");
    writeFileSync(shard, readFileSync(shard).subarray(0, 2000));
    expectRefusal(join(folder, "copy"), /model-00002-of-00003.safetensors: tensor .* Truncated download\?/);
  });
});

describe("parameterCount", () => {
  it.each([
    ["tiny-gpt2", json("tiny-gpt2.json").parameters],
    ["tiny-gpt2-sharded", json("tiny-gpt2.json").parameters],
    ["tiny-llama", json("tiny-parameters.json")["tiny-llama"]],
    ["tiny-neox", json("tiny-parameters.json")["tiny-neox"]],
  ])("of %s is PyTorch's", (name, expected) => {
    const checkpoint = openCheckpoint(fixture(name));
    expect(parameterCount(checkpoint)).toBe(expected);
    checkpoint.close();
  });

  it.each([
    [{ model_type: "gpt2" }, 12 + 5],
    [{ model_type: "gpt2", tie_word_embeddings: false }, 24 + 5],
    [{ model_type: "llama" }, 24 + 5],
    [{ model_type: "llama", tie_word_embeddings: true }, 12 + 5],
  ])("leaves out buffers and a tied head stored twice: %j", (config, expected) => {
    mkdirSync(join(folder, "model"));
    const shapes = {
      "wte.weight": [3, 4],
      "lm_head.weight": [3, 4],
      "h.0.attn.bias": [1, 1, 4, 4],
      "h.0.attn.masked_bias": [],
      "h.0.attn.c_proj.bias": [5],
    };
    writeSafetensors(
      join(folder, "model", "model.safetensors"),
      Object.entries(shapes).map(([name, shape]) => ({
        name,
        shape,
        dtype: "F32",
        data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
      })),
    );
    writeFileSync(join(folder, "model", "config.json"), JSON.stringify(config));
    const checkpoint = openCheckpoint(join(folder, "model"));
    expect(parameterCount(checkpoint)).toBe(expected);
    checkpoint.close();
  });
});
