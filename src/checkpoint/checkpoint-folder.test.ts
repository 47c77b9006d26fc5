import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError, OutputError, ShapeError } from "../foundation/errors.js";
import { openCheckpoint } from "./checkpoint.js";
import { type CheckpointFolderContent, writeCheckpointFolder } from "./checkpoint-folder.js";
import { openSafetensors } from "./safetensors-file.js";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "checkpoint-folder-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

const content = (value: number): CheckpointFolderContent => ({
  config: { model_type: "gpt2", value },
  tensors: [{ name: "wte.weight", shape: [2], dtype: "F32", data: Float32Array.of(value, 2) }],
  extraFiles: { "tokenizer.json": "{}" },
});

describe("writeCheckpointFolder", () => {
  it("writes a folder that opens, and leaves nothing beside it", () => {
    const folder = join(parent, "deep", "model");
    writeCheckpointFolder(`${folder}/`, content(1));
    expect(readdirSync(folder).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect(readdirSync(join(parent, "deep"))).toEqual(["model"]);
    expect(readFileSync(join(folder, "tokenizer.json"), "utf8")).toBe("{}");
    const checkpoint = openCheckpoint(folder);
    expect(checkpoint.config).toEqual({ model_type: "gpt2", value: 1 });
    expect([...checkpoint.readFloat32("wte.weight")]).toEqual([1, 2]);
    checkpoint.close();
    const file = openSafetensors(join(folder, "model.safetensors"));
    expect([...file.header.metadata]).toEqual([["format", "pt"]]);
    file.close();
  });

  it("names the file of the tensors as it is told, with what its header is to say", () => {
    const folder = join(parent, "named");
    writeCheckpointFolder(folder, { ...content(1), weightsFile: "other.safetensors", metadata: { key: "value" } });
    expect(readdirSync(folder).sort()).toEqual(["config.json", "other.safetensors", "tokenizer.json"]);
    const file = openSafetensors(join(folder, "other.safetensors"));
    expect(Object.fromEntries(file.header.metadata)).toEqual({ format: "pt", key: "value" });
    file.close();
  });

  it("takes an empty folder, refuses a full one, and replaces it when told to", () => {
    const folder = join(parent, "model");
    mkdirSync(folder);
    writeCheckpointFolder(folder, content(1));
    expect(() => writeCheckpointFolder(folder, content(2))).toThrow(OutputError);
    expect(openedValue(folder)).toBe(1);
    writeFileSync(join(folder, "stale.txt"), "");
    writeCheckpointFolder(folder, content(2), { replace: true });
    expect(openedValue(folder)).toBe(2);
    expect(existsSync(join(folder, "stale.txt"))).toBe(false);
    expect(readdirSync(parent)).toEqual(["model"]);
  });

  it("leaves what was there where a tensor or a name fails", () => {
    const folder = join(parent, "model");
    writeCheckpointFolder(folder, content(1));
    const data = () => {
      throw new InputError("weights: cannot be read.");
    };
    const failing = { ...content(2), tensors: [{ name: "a", shape: [1], dtype: "F32" as const, data }] };
    expect(() => writeCheckpointFolder(folder, failing, { replace: true })).toThrow(InputError);
    const outside = { ...content(2), extraFiles: { "../outside.txt": "" } };
    expect(() => writeCheckpointFolder(folder, outside, { replace: true })).toThrow(ShapeError);
    expect(openedValue(folder)).toBe(1);
    expect(readdirSync(parent)).toEqual(["model"]);
  });

  it("says where it cannot write", () => {
    writeFileSync(join(parent, "file"), "");
    expect(() => writeCheckpointFolder(join(parent, "file", "model"), content(1))).toThrow(OutputError);
    expect(() => writeCheckpointFolder(join(parent, "file"), content(1))).toThrow(/is there already/);
    expect(readdirSync(parent)).toEqual(["file"]);
  });
});

function openedValue(folder: string): unknown {
  const checkpoint = openCheckpoint(folder);
  const value = checkpoint.config?.value;
  checkpoint.close();
  return value;
}
