/** @file `deadweight sft` as built: what it writes, continues to the same bytes, binds to its result, and refuses. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCheckpoint } from "../src/checkpoint/checkpoint.js";
import { randomWeights } from "../src/foundation/random-weights.js";
import { sha256OfFiles } from "../src/foundation/sha256.js";
import { singularValues } from "../src/linalg/singular-values.js";
import { type PlannedMatrix, type PlanRecord, planRecord } from "../src/records/plan-record.js";
import { readRecord } from "../src/records/record-file.js";
import { type FineTuningRecord, type SftRecord, sftRecord } from "../src/records/sft-record.js";
import { command, type Ended, environment, smallModel, sums, writeJson, writeRows } from "./small-model.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-sft-"));
const at = (...names: string[]) => join(folder, ...names);
const [llama, gpt2, data] = [at("llama"), at("gpt2"), at("data.jsonl")];
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  smallModel(llama);
  smallModel(gpt2, "gpt2");
  writeRows(
    data,
    sums(300).map(({ asked, answer }) => ({ prompt: asked, completion: answer })),
  );
});

const [main] = command();
const quick = [...["--lr", "3e-3", "--batch-tokens", "64", "--held-out", "16", "--threads", "1"]];

const deadweightSft = (...args: string[]) => deadweight("sft", ...args);

function deadweight(...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    const options = { maxBuffer: 1 << 26, env: environment };
    const child = execFile(process.execPath, [main, ...args], options, (_error, stdout, stderr) => {
      done({ code: child.exitCode, stdout, stderr });
    });
  });
}

async function tuned(out: string, model: string, ...options: string[]): Promise<SftRecord> {
  const ended = await deadweightSft(model, "--data", data, ...quick, "--out", out, ...options);
  expect(ended.stderr).not.toMatch(/^deadweight: /m);
  expect(ended.code).toBe(0);
  return readRecord(join(out, "sft.json"), sftRecord);
}

function writePlan(name: string, model: string, matrices: readonly PlannedMatrix[], more: Partial<PlanRecord> = {}) {
  writeJson(at(name), {
    ...{ schema: "deadweight/plan@1", version: "0", model: sha256OfFiles([join(model, "model.safetensors")]) },
    ...{ matrices, evidence: null, parameters: 0, effectiveParameters: 0, ...more },
  });
  return at(name);
}

function weightsOf(path: string, tensor: string): Float32Array {
  const checkpoint = openCheckpoint(path);
  try {
    return checkpoint.readFloat32(tensor);
  } finally {
    checkpoint.close();
  }
}

/** Without what a clock or the machine says. */
function untimed({ seconds: _s, secondsCurve: _c, peakBytes: _p, phases, ...figures }: FineTuningRecord) {
  return {
    ...figures,
    phases: phases.map(({ seconds, tokensPerSecond: _t, scoredTokensPerSecond: _u, ...phase }) => phase),
  };
}

describe("plain fine-tuning", () => {
  const out = at("plain");

  test("leaves checkpoints that open, records and a page, and no plan", async () => {
    const record = await tuned(out, llama, "--epochs", "2");
    expect(readdirSync(out).sort()).toEqual(
      ["best", "fine-tuning-1.json", "last", "report.html", "run.json", "sft-data.json", "sft.json"].sort(),
    );
    const { settings, result, checkpoints } = record;
    // The fewest steps that make two passes.
    expect(settings.epochs).toBeGreaterThanOrEqual(2);
    expect((settings.epochs * (settings.steps - 1)) / settings.steps).toBeLessThan(2);
    expect(result.heldOutCurve[0][0]).toBe(0);
    expect(result.heldOutCurve.at(-1)![0]).toBe(settings.steps);
    expect(result.lastLoss).toBeLessThan(result.heldOutCurve[0][1]);
    expect(checkpoints.map((checkpoint) => checkpoint.folder)).toEqual(["best", "last"]);
    for (const { folder: name, sha256 } of checkpoints)
      expect(sha256OfFiles([join(out, name, "model.safetensors")])).toBe(sha256);
    expect(existsSync(join(out, "last", "tokenizer.json"))).toBe(true);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<svg");
  });

  test("once more, trains nothing and says the same", async () => {
    const before = readFileSync(join(out, "sft.json"), "utf8");
    await tuned(out, llama, "--epochs", "2");
    expect(readFileSync(join(out, "sft.json"), "utf8")).toBe(before);
  });

  test("has its page made again", async () => {
    const page = readFileSync(join(out, "report.html"), "utf8");
    rmSync(join(out, "report.html"));
    expect(await deadweight("report", out)).toMatchObject({ code: 0, stdout: `${join(out, "report.html")}\n` });
    expect(readFileSync(join(out, "report.html"), "utf8")).toBe(page);
  });

  test("is not mixed with one of another length", async () => {
    const ended = await deadweightSft(llama, "--data", data, ...quick, "--out", out, "--steps", "5");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/holds a run of another configuration: length /);
  });

  test("starts from what an earlier one left, with the choice of a rate", async () => {
    const next = at("next");
    const options = ["--steps", "4", "--lr", "auto", "--keep", "last", "--dtype", "BF16"];
    const record = await tuned(next, join(out, "last"), ...options);
    expect(record.settings.learningRateCandidates).toHaveLength(5);
    expect(existsSync(join(next, "best"))).toBe(false);
    expect(record.checkpoints.map((checkpoint) => checkpoint.folder)).toEqual(["last"]);
    const checkpoint = openCheckpoint(join(next, "last"));
    expect(new Set([...checkpoint.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["BF16"]));
    checkpoint.close();
  });
});

const planned: PlannedMatrix[] = [
  { name: "layers.0.self_attn.o_proj", action: "random", seed: 7 },
  { name: "layers.1.self_attn.o_proj", action: "crystal", rank: 2 },
  { name: "layers.0.mlp.up_proj", action: "freeze" },
];

describe("a plan", () => {
  const out = at("planned");

  test("is carried out, held to the end, and bound to the result", async () => {
    const path = writePlan("plan.json", llama, planned);
    const record = await tuned(out, llama, "--steps", "8", "--plan", path, "--compare", "--seeds", "2");
    const plan = readRecord(join(out, "plan.json"), planRecord);
    const [best, last] = record.checkpoints;
    expect(plan).toMatchObject({ applied: true, base: record.model.sha256, model: best.sha256, evidence: null });
    expect(readRecord(join(out, "plan-last.json"), planRecord).model).toBe(last.sha256);
    const [random, crystal, freeze] = plan.matrices;
    const name = (matrix: PlannedMatrix) => `${matrix.name}.weight`;

    const tensorOf = (matrix: PlannedMatrix) => {
      const checkpoint = openCheckpoint(llama);
      const found = [...checkpoint.tensors.keys()].find((tensor) => tensor.endsWith(name(matrix)))!;
      checkpoint.close();
      return found;
    };
    const drawn = randomWeights({ parameter: name(random), elements: 256, deviation: random.deviation!, seed: 7 });
    expect(weightsOf(join(out, "best"), tensorOf(random))).toEqual(drawn);
    expect(weightsOf(join(out, "last"), tensorOf(freeze))).toEqual(weightsOf(llama, tensorOf(freeze)));
    const values = singularValues(weightsOf(join(out, "last"), tensorOf(crystal)), 16, 16);
    expect(values[1]).toBeGreaterThan(1e-3);
    expect(values[2]).toBeLessThan(1e-6);
    // 16 x 16 of the random one; 16 x 16 - 2 (16 + 16) of the one of rank 2.
    expect(plan.parameters - plan.effectiveParameters).toBe(256 + 192);

    expect(record.comparison).toHaveLength(2);
    for (const [index, { seed, frozen, plain, sharedLoss }] of record.comparison!.entries()) {
      expect(seed).toBe(index + 1);
      expect(frozen.seed).toBe(seed);
      expect(sharedLoss).toBe(Math.max(frozen.bestLoss, plain.bestLoss));
      expect(plain.frozen).toEqual([]);
    }
    expect(record.comparison![0].frozen).toEqual(record.result);
  });

  test("that was applied can be used again on its result", async () => {
    const again = at("again");
    await tuned(again, join(out, "best"), "--steps", "2", "--plan", join(out, "plan.json"));
    const [before, after] = [out, again].map((path) => readRecord(join(path, "plan.json"), planRecord));
    expect(after.matrices).toEqual(before.matrices);
    expect(after.base).toBe(before.model);
  });

  test("of GPT-2 with progressive freezing", async () => {
    const own = at("gpt2-run");
    const path = writePlan("gpt2-plan.json", gpt2, [{ name: "h.1.attn.c_proj", action: "zero" }]);
    const rule = ["--progressive", "--freeze", "matrices", "--freeze-every", "5", "--freeze-threshold", "1000"];
    const options = ["--steps", "30", "--plan", path, ...rule, "--freeze-most", "0.9"];
    const record = await tuned(own, gpt2, ...options);
    expect(record.progressive).toMatchObject({ what: "matrices", every: 5, threshold: 1000, most: 0.9 });
    expect(record.result.events.length).toBeGreaterThan(0);
    const { matrices } = readRecord(join(own, "plan.json"), planRecord);
    expect(matrices[0]).toEqual({ name: "h.1.attn.c_proj", action: "zero" });
    expect(matrices.length).toBeGreaterThan(1);
    expect(new Set(matrices.slice(1).map(({ action }) => action))).toEqual(new Set(["freeze"]));
  });
});

describe("an interrupted run", () => {
  test("continues to the same figures and the same bytes", async () => {
    const rule = ["--progressive", "--freeze", "prefix", "--freeze-every", "40", "--freeze-threshold", "1000"];
    const options = ["--steps", "400", "--evaluate-every", "20", ...rule];
    const whole = await tuned(at("whole"), llama, ...options);
    expect(whole.result.events.length).toBeGreaterThan(0);

    const out = at("interrupted");
    let sittings = 0;
    for (let code: number | null = 130; code === 130; sittings++) {
      const args = [main, "sft", llama, "--data", data, ...quick, "--out", out, ...options];
      const child = spawn(process.execPath, args, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
      let told = "";
      child.stderr.on("data", (text: Buffer) => {
        told += text.toString();
        // Once the training has begun.
        if (sittings < 2 && /fine-tuning: +\d/.test(told)) void setTimeout(150).then(() => child.kill("SIGINT"));
      });
      code = await new Promise((ended) => child.on("close", ended));
      if (code === 130) expect(told).toMatch(/Stopped; what was done is saved\. Run the same command to continue\./);
      else expect(code, told).toBe(0);
    }
    const record = readRecord(join(out, "sft.json"), sftRecord);
    expect(sittings).toBeGreaterThan(1);
    expect(untimed(record.result)).toEqual(untimed(whole.result));
    expect(record.checkpoints).toEqual(whole.checkpoints);
    expect(readdirSync(out).filter((name) => /state|tmp|lock/.test(name))).toEqual([]);
  });
});

describe("what cannot be used", () => {
  let run = 0;
  async function refused(message: RegExp, model: string, ...options: string[]): Promise<void> {
    const out = at(`refused-${run++}`);
    const given = options.includes("--data") ? [] : ["--data", data];
    const ended = await deadweightSft(model, ...given, ...quick, "--steps", "4", "--out", out, ...options);
    const told = ended.stderr.split("\n").filter((line) => line.startsWith("deadweight: "));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(message);
    expect(ended.code).toBe(1);
    for (const name of ["run.json", "run.lock", "best"]) expect(existsSync(join(out, name))).toBe(false);
  }

  test("a plan of another model, of no matrix, of matrices that are not there, of all", async () => {
    const [first] = planned;
    const named = (name: string) => writePlan("refused.json", llama, [{ name, action: "freeze" }]);
    await refused(/was made for another checkpoint/, gpt2, "--plan", writePlan("refused.json", llama, planned));
    await refused(/names no matrix/, llama, "--plan", writePlan("refused.json", llama, []));
    await refused(/has no matrix 'layers\.9\.x'/, llama, "--plan", named("layers.9.x"));
    await refused(/twice/, llama, "--plan", writePlan("refused.json", llama, [first, first]));
    const checkpoint = openCheckpoint(llama);
    const names = [...checkpoint.tensors.values()].filter(({ shape }) => shape.length === 2).map(({ name }) => name);
    checkpoint.close();
    const every = names.map((name) => ({ name: name.replace(/^model\.|\.weight$/g, ""), action: "freeze" as const }));
    await refused(/freezes every matrix/, llama, "--plan", writePlan("refused.json", llama, every));
    await refused(/cannot be read/, llama, "--plan", at("none.json"));
  });

  test("an unknown architecture, empty data", async () => {
    const other = smallModel(at("other"));
    writeJson(join(other, "config.json"), { model_type: "mamba" });
    await refused(/mamba/, other);
    writeFileSync(at("empty.jsonl"), "");
    await refused(/empty\.jsonl/, llama, "--data", at("empty.jsonl"));
  });

  test("a rate at which it diverges, with the best so far kept", async () => {
    const out = at("diverged");
    const options = ["--steps", "40", "--lr", "1e30", "--warmup", "0", "--clip", "0", "--out", out];
    const ended = await deadweightSft(llama, "--data", data, ...quick, ...options);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^deadweight: The fine-tuning diverged at the learning rate 1e\+30: /m);
    expect(ended.stderr.includes("is kept in")).toBe(existsSync(join(out, "best")));
  });
});
