import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import type { Buffer } from "../engine/backend.js";
import { gpt2Checkpoint } from "../model/gpt2-checkpoint.js";
import { gpt2InitialWeights } from "../model/gpt2-initializer.js";
import { logitsGraph } from "../model/model-graph.js";
import { openBaseModel } from "./base-model.js";
import { openBackend } from "./open-backend.js";

const fixture = new URL("../../test/fixtures/saved-base/", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "deadweight-base-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The folder in the fixture was written by this, once, and opened in transformers. */
function save(path: string): void {
  const config = parseGpt2Config({
    model_type: "gpt2",
    n_layer: 2,
    n_head: 2,
    n_embd: 16,
    n_positions: 16,
    vocab_size: 29,
    initializer_range: 0.3,
  });
  writeCheckpointFolder(path, gpt2Checkpoint(config, gpt2InitialWeights(config, 11)));
}

describe("a saved base", () => {
  test("is to the byte the folder that transformers opened", () => {
    save(join(folder, "base"));
    for (const name of ["config.json", "model.safetensors"])
      expect(readFileSync(join(folder, "base", name)).equals(readFileSync(join(fixture, "base", name))), name).toBe(
        true,
      );
  });

  test("gives the logits here that it gave there", async () => {
    const { rows, length, tokens, logits } = JSON.parse(readFileSync(join(fixture, "logits.json"), "utf8")) as {
      rows: number;
      length: number;
      tokens: number[];
      logits: number[];
    };
    const base = openBaseModel(join(fixture, "base"));
    const { backend } = await openBackend({ device: "cpu", threads: 1 });
    const program = await backend.compile(logitsGraph(base.build(), { rows, length }));
    const inputs = new Map<string, Buffer>([
      ...base.weights,
      ["tokens", Int32Array.from(tokens)],
      ["positions", Int32Array.from(tokens, (_, i) => i % length)],
    ]);
    const found = new Float32Array(logits.length);
    await program.bind(inputs, new Map([["logits", found]])).run();
    await program.dispose();
    expect(Math.max(...found.map((value, i) => Math.abs(value - logits[i])))).toBeLessThan(1e-5);
    expect(Math.max(...logits.map(Math.abs))).toBeGreaterThan(1);
  });
});
