/** @file The built `deadweight export` as a user meets it: what it writes, and what it refuses before any work. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../src/checkpoint/checkpoint.js";
import type { PlannedMatrix } from "../src/records/plan-record.js";
import { type Ended, environment, readJson, smallModel, smallTokenizer, writeJson } from "./small-model.js";

const main = resolve(import.meta.dirname, "../dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "deadweight-export-"));
const at = (...names: string[]) => join(folder, ...names);
const model = at("model");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function exported(...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [main, "export", ...args], { env: environment }, (_, stdout, stderr) => {
      done({ code: child.exitCode, stdout, stderr });
    });
  });
}

const sha256 = (path: string) =>
  createHash("sha256")
    .update(readFileSync(join(path, "model.safetensors")))
    .digest("hex");

let plans = 0;
function plan(matrices: readonly PlannedMatrix[], more: Record<string, unknown> = {}): string {
  const path = at(`plan-${plans++}.json`);
  const record = { schema: "deadweight/plan@1", version: "0.0.0", model: sha256(model), matrices, evidence: null };
  writeJson(path, { ...record, parameters: 1, effectiveParameters: 1, ...more });
  return path;
}

const frozen = (...names: string[]): PlannedMatrix[] => names.map((name) => ({ name, action: "freeze" }));
const [o0, o1] = ["layers.0.self_attn.o_proj", "layers.1.self_attn.o_proj"];

beforeAll(() => {
  smallModel(model);
});

describe("writes", () => {
  test.each([
    ["axolotl", "axolotl.yaml"],
    ["trl", "freeze_plan.py"],
    ["peft", "peft_config.py"],
  ])("%s", async (format, file) => {
    const out = at(`list-${format}`);
    const ended = await exported(model, "--plan", plan(frozen(o0, o1)), "--to", format, "--out", out);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(out)).toEqual([file]);
    expect(readFileSync(join(out, file), "utf8")).toMatch(
      new RegExp(`^# .*\\n# Written by deadweight \\S+ for .*SHA-256 ${sha256(model)}\\.\\n# Frozen: 2 of 15`),
    );
    expect(ended.stdout).toMatch(/^frozen {5}2 of 15 matrices, 512 parameters\ntrainable {2}/);
    expect(ended.stdout).toContain(join(out, file));
  });

  test("llamafactory's options, and a record of it", async () => {
    const first = ["q", "k", "v", "o"].map((role) => `layers.0.self_attn.${role}_proj`);
    const all = [...first, ...["gate", "up", "down"].map((role) => `layers.0.mlp.${role}_proj`)];
    const out = at("list-llamafactory");
    const { code, stdout } = await exported(
      ...[model, "--plan", plan(frozen(...all)), "--to", "llamafactory", "--out", out, "--json", "-"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ schema: "deadweight/export@1", to: "llamafactory", model: { source: model, sha256: sha256(model) } },
      ...{ train: model, frozen: { matrices: 7, ofMatrices: 15 }, weightBytes: null },
      settings: { finetuning_type: "freeze", freeze_trainable_layers: 1, freeze_trainable_modules: "all" },
    });
    expect(readFileSync(join(out, "llamafactory.yaml"), "utf8")).toMatch(/^freeze_trainable_layers: 1$/m);
  });

  test("the replaced checkpoint beside a list whose plan replaces values", async () => {
    const replacing: PlannedMatrix[] = [{ name: o0, action: "zero" }, ...frozen(o1)];
    const out = at("replaced");
    const { code } = await exported(model, "--plan", plan(replacing), "--to", "axolotl", "--out", out);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(["axolotl.yaml", "model"]);
    expect(readJson(out, "model", "tokenizer.json")).toEqual(smallTokenizer());
    const [before, after] = [model, join(out, "model")].map((path) => openCheckpoint(path));
    for (const name of before.tensors.keys()) {
      const values = before.readFloat32(name);
      expect(after.readFloat32(name)).toEqual(name === `model.${o0}.weight` ? values.fill(0) : values);
    }
    for (const checkpoint of [before, after]) checkpoint.close();
    const text = readFileSync(join(out, "axolotl.yaml"), "utf8");
    expect(text).toContain(`base_model: ${JSON.stringify(join(out, "model"))}\n`);
    expect(text).toMatch(/^# The plan replaces values: train the checkpoint in model\//m);
    // A checkpoint that was fine-tuned with its plan holds them already.
    const applied = at("applied");
    await exported(model, "--plan", plan(replacing, { applied: true }), "--to", "axolotl", "--out", applied);
    expect(readdirSync(applied)).toEqual(["axolotl.yaml"]);
  });

  test("a smaller checkpoint, and the ordinary one from it", async () => {
    const [small, dense] = [at("small"), at("dense")];
    const path = plan([
      { name: o0, action: "random", seed: 3 },
      { name: o1, action: "crystal", rank: 2 },
    ]);
    const there = await exported(model, "--plan", path, "--to", "checkpoint", "--out", small);
    expect(there.code).toBe(0);
    expect(there.stdout).toMatch(/^weights {4}\S+ kB before, \S+ kB after/m);
    const back = await exported(small, "--to", "dense", "--out", dense, "--json", at("dense.json"));
    expect(back.code).toBe(0);
    expect(readJson(at("dense.json"))).toMatchObject({ plan: null, train: dense, model: { sha256: null } });
    const [original, restored] = [model, dense].map((source) => openCheckpoint(source));
    expect([...restored.tensors.keys()].sort()).toEqual([...original.tensors.keys()].sort());
    for (const checkpoint of [original, restored]) checkpoint.close();
  });

  test("into a folder that is there and empty", async () => {
    const out = at("empty");
    mkdirSync(out);
    expect((await exported(model, "--plan", plan(frozen(o0)), "--to", "trl", "--out", out)).code).toBe(0);
  });
});

describe("refuses, before any work", () => {
  let run = 0;
  async function refused(code: number, message: RegExp, ...args: string[]): Promise<void> {
    const out = at(`refused-${run++}`);
    const ended = await exported(...args, ...(args.includes("--out") ? [] : ["--out", out]));
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/^\s+at |Internal error/m);
    if (code === 1) expect(ended.stderr.trim().split("\n")).toHaveLength(1);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }

  test("wrong usage", async () => {
    const path = plan(frozen(o0));
    await refused(2, /--to axolotl needs --plan FILE/, model, "--to", "axolotl");
    await refused(2, /--to dense takes no --plan/, model, "--plan", path, "--to", "dense");
    await refused(2, /axolotl, trl, peft, llamafactory, checkpoint, dense/, model, "--plan", path, "--to", "gguf");
    await refused(2, /required option '--to/, model, "--plan", path);
  });

  test.each(["axolotl", "trl", "peft", "llamafactory", "checkpoint"])(
    "a plan of another model, for %s",
    async (format) => {
      const whole = ["q", "k", "v", "o"].flatMap((role) =>
        [0, 1].map((layer) => `layers.${layer}.self_attn.${role}_proj`),
      );
      const path = plan(frozen(...whole), { model: "f".repeat(64) });
      await refused(1, /was made for another checkpoint \(SHA-256 f{12}\.\.\./, model, "--plan", path, "--to", format);
    },
  );

  test("a matrix that does not exist, no matrix, all of them", async () => {
    const to = ["--to", "trl"];
    await refused(
      1,
      /has no matrix 'layers\.9\.mlp\.up_proj'/,
      model,
      "--plan",
      plan(frozen("layers.9.mlp.up_proj")),
      ...to,
    );
    await refused(1, /names no matrix/, model, "--plan", plan([]), ...to);
    const { names } = allMatrices();
    await refused(1, /freezes every matrix/, model, "--plan", plan(frozen(...names)), ...to);
  });

  test("what a format cannot express", async () => {
    const one = plan(frozen(o0));
    await refused(
      1,
      /LLaMA-Factory cannot express this plan: it freezes 1 of the 4/,
      model,
      "--plan",
      one,
      "--to",
      "llamafactory",
    );
    const inLayers = plan(frozen(...allMatrices().names.filter((name) => name.startsWith("layers."))));
    await refused(1, /PEFT cannot express this plan/, model, "--plan", inLayers, "--to", "peft");
  });

  test("a folder that holds something, and places that cannot be written to", async () => {
    const out = at("kept");
    mkdirSync(out);
    writeFileSync(join(out, "notes.txt"), "kept");
    // Before the plan is read: it does not exist.
    await refused(
      1,
      /kept: is there already and not an empty folder/,
      model,
      "--plan",
      at("none"),
      "--to",
      "trl",
      "--out",
      out,
    );
    expect(readdirSync(out)).toEqual(["notes.txt"]);
    const below = join(out, "notes.txt", "below");
    await refused(1, /below: cannot be written/, model, "--plan", at("none"), "--to", "trl", "--out", below);
    await refused(
      1,
      /--json .*cannot be written/,
      model,
      "--plan",
      at("none"),
      "--to",
      "trl",
      "--json",
      at("no", "a.json"),
    );
  });

  test("plans and models that cannot be read", async () => {
    await refused(1, /none: cannot be read/, model, "--plan", at("none"), "--to", "trl");
    const path = plan(frozen(o0));
    writeFileSync(path, "{");
    await refused(1, /is not JSON/, model, "--plan", path, "--to", "trl");
    await refused(1, /no such folder or file/, at("absent"), "--plan", plan(frozen(o0)), "--to", "trl");
    await refused(1, /compact|cannot be read/, model, "--to", "dense");
  });

  function allMatrices(): { readonly names: string[] } {
    const checkpoint = openCheckpoint(model);
    const names = [...checkpoint.tensors.values()]
      .filter(({ shape }) => shape.length === 2)
      .map(({ name }) => name.replace(/^model\./, "").replace(/\.weight$/, ""));
    checkpoint.close();
    return { names };
  }
});
