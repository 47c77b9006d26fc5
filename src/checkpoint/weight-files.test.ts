import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { findWeightFiles } from "./weight-files.js";

const mixed = fileURLToPath(new URL("../../test/fixtures/checkpoint/mixed.safetensors", import.meta.url));

let folder: string;
let weights: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weights-"));
  weights = join(folder, "model.safetensors");
});
afterEach(() => rmSync(folder, { recursive: true }));

function expectRefusal(source: string, message: RegExp): void {
  expect(() => findWeightFiles(source)).toThrow(InputError);
  expect(() => findWeightFiles(source)).toThrow(message);
}

function expectRefusalOfWeights(message: RegExp): void {
  expectRefusal(weights, message);
  expectRefusal(folder, message);
}

describe("findWeightFiles refuses", () => {
  // The first bytes that Python's pickle.dump, torch.save and llama.cpp write.
  it.each<[string, number[] | string, RegExp]>([
    [
      "a pickle of protocol 2",
      [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9],
      /is a pickle file by its content.*safe_serialization=True/,
    ],
    ["a pickle of protocol 4", [0x80, 4, 0x95, 0x1a, 0, 0, 0, 0, 0, 0, 0], /is a pickle file by its content/],
    ["a pickle of five bytes", [0x80, 5, 0x4b, 1, 0x2e], /is a pickle file by its content/],
    [
      "a zip",
      "PK\x03\x04\x00\x00\x08\x08\x00\x00",
      /pickle file by its content \(a zip archive.*safe_serialization=True/,
    ],
    ["a GGUF file", "GGUF\x03\x00\x00\x00", /not a .safetensors file but GGUF.*original model's safetensors/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", /Git LFS pointer.*git lfs pull/],
  ])("%s that is called model.safetensors", (_, content, message) => {
    writeFileSync(weights, typeof content === "string" ? Buffer.from(content, "latin1") : Buffer.from(content));
    expectRefusalOfWeights(message);
  });

  it("such a file among the shards", () => {
    writeFileSync(join(folder, "part.safetensors"), Buffer.from([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46]));
    writeFileSync(`${weights}.index.json`, JSON.stringify({ weight_map: { a: "part.safetensors" } }));
    expectRefusal(folder, /part.safetensors: is a pickle file/);
  });

  it("a folder, a FIFO or a device instead of a file, without opening it", () => {
    mkdirSync(weights);
    expectRefusal(folder, /model.safetensors: is a folder, but a regular file is wanted/);
    rmSync(weights, { recursive: true });
    execFileSync("mkfifo", [weights]);
    expectRefusalOfWeights(/model.safetensors: is a FIFO, but a regular file is wanted/);
    rmSync(weights);
    symlinkSync("/dev/zero", weights);
    expectRefusalOfWeights(/model.safetensors: is a device/);
  });

  it("a config or an index that is no file", () => {
    copyFileSync(mixed, weights);
    execFileSync("mkfifo", [join(folder, "config.json")]);
    expectRefusal(folder, /config.json: is a FIFO/);
    rmSync(join(folder, "config.json"));
    rmSync(weights);
    mkdirSync(`${weights}.index.json`);
    expectRefusal(folder, /index.json: is a folder/);
  });

  it("a link to nothing", () => {
    symlinkSync("absent", weights);
    expectRefusal(folder, /model.safetensors: is a link to a file that is absent. Download/);
  });

  // The superuser may read everything.
  it.skipIf(process.getuid?.() === 0)("what may not be read", () => {
    copyFileSync(mixed, weights);
    chmodSync(weights, 0);
    expectRefusalOfWeights(/model.safetensors: cannot be read \(EACCES.*Check its permissions/);
  });

  it("an index that names a missing shard, in one line whatever the names are", () => {
    writeFileSync(`${weights}.index.json`, '{"weight_map":{"a\\n\\u001b[2J":"absent.safetensors"}}');
    expectRefusal(folder, /maps 'a\\u\{a\}\\u\{1b\}\[2J' to absent.safetensors, which is absent. Download the missing/);
    for (const shard of ["", ".", "..", "a\u0000b"]) {
      writeFileSync(`${weights}.index.json`, JSON.stringify({ weight_map: { a: shard } }));
      expectRefusal(folder, /the name of a file beside it is wanted/);
    }
  });

  it("what is absent, and says how a model is downloaded", () => {
    expectRefusal("org/name@v2", /org\/name@v2: is no local folder or file. .*hf download org\/name --local-dir/);
    expectRefusal(join(folder, "absent"), /no such folder or file/);
  });

  it("a folder of other formats", () => {
    writeFileSync(join(folder, "model.gguf"), "GGUF");
    expectRefusal(folder, /model.gguf: is not a .safetensors file but GGUF/);
  });
});

describe("findWeightFiles finds", () => {
  it("a file through a link, as the hub's cache has it", () => {
    symlinkSync(mixed, weights);
    expect(findWeightFiles(folder)).toEqual({ paths: [weights], shardOf: null, config: null });
  });
});
