/** @file `deadweight test` as built, from a model's folder and a data file to verdicts: what it writes, repeats, continues and survives. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { architectureOf } from "../src/model/architecture.js";
import { readRecord, readRecordLines } from "../src/records/record-file.js";
import { runRecord } from "../src/records/run-record.js";
import { testRecord } from "../src/records/test-record.js";
import { type FinishedOutcome, type TrialRecord, trialRecord } from "../src/records/trial-record.js";
import { verdictsRecord } from "../src/records/verdicts-record.js";
import { planMemory } from "../src/training/memory-plan.js";
import {
  command,
  deadweight,
  deadweightTest,
  environment,
  quick,
  readJson,
  smallModel,
  sums,
  writeRows,
} from "./small-model.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-test-"));
const at = (...names: string[]) => join(folder, ...names);
const [llama, gpt2, data] = [at("llama"), at("gpt2"), at("data.jsonl")];
const pairs = sums(300);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  smallModel(llama);
  smallModel(gpt2, "gpt2");
  writeRows(
    data,
    pairs.map(({ asked, answer }) => ({ prompt: asked, completion: answer })),
  );
});

const trialsOf = (out: string): TrialRecord[] => readRecordLines(join(out, "trials.jsonl"), trialRecord);
const resultOf = (out: string) => readRecord(join(out, "test.json"), testRecord);

/** Runs to the end. */
async function tested(out: string, model: string, ...options: string[]): Promise<{ stdout: string; stderr: string }> {
  const ended = await deadweightTest(model, "--data", data, ...quick, "--out", out, ...options);
  expect(ended.stderr).not.toMatch(/^deadweight: /m);
  expect(ended.code).toBe(0);
  return ended;
}

function outcomeOf({ key, outcome }: TrialRecord): FinishedOutcome {
  if (outcome.kind === "finished") return outcome;
  return expect.unreachable(`${key} has ${outcome.kind}`);
}

/** Held-out losses by trial, before and after; all trials must have finished. */
function losses(out: string): Map<string, readonly [before: number, after: number]> {
  return new Map(
    trialsOf(out).map((trial) => {
      const { heldOutLossBefore, heldOutLossAfter } = outcomeOf(trial);
      return [trial.key, [heldOutLossBefore, heldOutLossAfter]];
    }),
  );
}

function expectSameLosses(out: string, other: string, tolerance: number): void {
  const [a, b] = [losses(out), losses(other)];
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
  for (const [key, values] of a)
    values.forEach((value, i) => {
      expect(Math.abs(value - b.get(key)![i]), key).toBeLessThan(tolerance);
    });
}

describe("a test", () => {
  const out = at("run");

  test("leaves its records, a page and a table", async () => {
    const { stdout, stderr } = await tested(out, llama);
    expect(readdirSync(out).sort()).toEqual(
      ["before.jsonl", "report.html", "run.json", "sft-data.json", "test.json", "trials.jsonl", "verdicts.json"].sort(),
    );
    expect(stderr).toMatch(/Starting in .*: 2 targets\./);
    expect(stderr).toMatch(/16 trials, 1 at a time with 1 thread each/);
    for (const name of ["layers.0.self_attn.o_proj", "layers.1.self_attn.o_proj"]) expect(stdout).toContain(name);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<svg");

    const record = resultOf(out);
    const sha256 = createHash("sha256")
      .update(readFileSync(join(llama, "model.safetensors")))
      .digest("hex");
    expect(record.model).toMatchObject({ source: llama, sha256, parameters: 4736, vocabularySize: 37 });
    expect(readRecord(join(out, "run.json"), runRecord).inputs.model).toBe(sha256);
    expect(record.data.examples).toEqual({
      training: 284,
      heldOut: 16,
      calibrationTraining: 0,
      calibrationHeldOut: 0,
      general: 0,
    });
    expect(record.trials).toEqual({ finished: 16, diverged: 0, failed: 0, fixedDesign: 16, others: 2 });
    expect(record.targets.map(({ arms }) => arms.map(({ arm }) => arm))).toEqual(
      Array(2).fill(["frozen", "crystal", "random"]),
    );
    expect(readRecord(join(out, "verdicts.json"), verdictsRecord)).toEqual(record.verdicts);
  });

  test("trains full once a seed, and each arm with what it freezes unchanged", () => {
    const trials = trialsOf(out);
    const full = trials.filter(({ arm }) => arm === "full").map(({ key }) => key);
    expect(full.sort()).toEqual(["aa: full, seed 1", "aa: full, seed 2", "sft: full, seed 1", "sft: full, seed 2"]);
    for (const trial of trials) {
      const outcome = outcomeOf(trial);
      const frozen = Object.values(outcome.frozenSha256);
      expect(frozen.length > 0).toBe(trial.arm !== "full");
      for (const [before, after] of frozen) expect(after).toBe(before);
      expect(outcome.curve.at(0)![0]).toBe(0);
      expect(outcome.curve.at(-1)![0]).toBe(4);
      expect(outcome.heldOutLossPerExample).toHaveLength(16);
      // A target is 16 x 16; what an arm does not train tells its size.
      expect(trial.trainableParameters).toBe(trial.arm === "full" ? 4736 : 4736 - 256);
    }
  });

  test("once more, trains nothing and says the same", async () => {
    const [trials, verdicts] = ["trials.jsonl", "verdicts.json"].map((name) => readFileSync(join(out, name), "utf8"));
    const { stderr } = await tested(out, llama);
    expect(stderr).toMatch(/Continuing in /);
    expect(readFileSync(join(out, "trials.jsonl"), "utf8")).toBe(trials);
    expect(readFileSync(join(out, "verdicts.json"), "utf8")).toBe(verdicts);
  });

  test("warns of what makes its verdicts mean little, and so does a verdict that is judged again", async () => {
    const { verdicts } = resultOf(out);
    expect(verdicts.warnings.join("\n")).toMatch(/held-out examples have \d+ scored tokens/);
    for (const { arms } of verdicts.matrices)
      for (const { bootstrap } of Object.values(arms)) expect(bootstrap!.weights).toBe("tokens");
    const again = await deadweight("verdict", out);
    expect(readRecord(join(out, "verdicts.json"), verdictsRecord)).toEqual(verdicts);
    const told = again.stdout.replace(/\s+/g, " ");
    expect(told.match(/Warning: /g)).toHaveLength(verdicts.warnings.length);
    expect(told).toMatch(/Warning: The held-out examples have/);
    // As a test leaves its folder that was interrupted: sizes are known from the trials, spectra are not, and controls may come.
    const record = readFileSync(join(out, "test.json"));
    rmSync(join(out, "test.json"));
    const { stdout } = await deadweight("verdict", out, "--json", "-");
    writeFileSync(join(out, "test.json"), record);
    const missing = /: no spectrum is on record here/;
    const { warnings } = verdictsRecord.parse(JSON.parse(stdout));
    expect(warnings.filter((text) => !missing.test(text))).toEqual(
      verdicts.warnings
        .filter((text) => !/i\.i\.d\./.test(text))
        .map((text) =>
          text.replace(
            /^No control was run.*/,
            "No control has run yet, on what the test must find and must let pass.",
          ),
        ),
    );
    expect(warnings.filter((text) => missing.test(text))).toHaveLength(1);
    await deadweight("verdict", out);
  });

  test("adds seeds until everything is decided, and tries itself", async () => {
    const own = at("sequential");
    const steps = ["--steps", "4", "--lr", "1e-3", "--batch-tokens", "64", "--held-out", "16", "--jobs", "2"];
    const { code, stderr } = await deadweightTest(
      ...[llama, "--data", data, "--out", own, ...steps, "--matrix", "layers.0.self_attn.o_proj", "--max-seeds", "5"],
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/if nothing is decided before the last seed/);
    const trials = trialsOf(own);
    const controls = trials.filter(({ purpose }) => purpose === "control");
    expect(new Set(controls.map(({ key }) => key.replace(/, seed.*/, "")))).toEqual(
      new Set([
        "control: random planted",
        "control: random all attention (8 matrices)",
        "control: frozen scattered(256)",
      ]),
    );
    expect(controls).toHaveLength(9);
    const { verdicts, targets } = resultOf(own);
    expect(verdicts.sequential).toEqual({ firstLook: 3, lastLook: 5 });
    expect(targets).toHaveLength(1);
    // Each arm stops where it is decided, at the latest at the fifth seed.
    for (const summary of Object.values(verdicts.matrices[0].arms)) {
      expect(summary.n).toBeGreaterThanOrEqual(3);
      expect(summary.n).toBeLessThanOrEqual(5);
    }
    const left = () =>
      ["trials.jsonl", "verdicts.json", "run.json"].map((name) => readFileSync(join(own, name), "utf8"));
    const before = left();
    await deadweightTest(
      ...[llama, "--data", data, "--out", own, ...steps, "--matrix", "layers.0.self_attn.o_proj", "--max-seeds", "5"],
    );
    expect(left()).toEqual(before);
    const other: [string[], RegExp][] = [
      [
        ["--max-seeds", "6"],
        /holds a test of another design, --max-seeds \(5 there, 6 asked for\), .* another --out\.$/,
      ],
      [["--max-seeds", "5", "--margin", "1"], /another design, --margin \(0\.5 there, 1 asked for\)/],
      [["--max-seeds", "5", "--arms", "frozen"], /another design, --arms \(crystal and 1 more there only\)/],
      [["--seeds", "6"], /another design, --seeds \(auto there, a fixed number asked for\)/],
    ];
    for (const [options, message] of other) {
      const ended = await deadweightTest(
        ...[llama, "--data", data, "--out", own, ...steps, "--matrix", "layers.0.self_attn.o_proj", ...options],
      );
      const told = ended.stderr.split("\n").filter((line) => line.startsWith("deadweight: "));
      expect(told).toEqual([expect.stringMatching(message)]);
      expect(ended.code).toBe(1);
      expect(left()).toEqual(before);
    }
  });

  test("is continued by more seeds and by other matrices", async () => {
    await tested(out, llama, "--seeds", "3");
    expect(trialsOf(out)).toHaveLength(24);
    expect(resultOf(out).verdicts.seeds).toEqual([1, 2, 3]);
    const matrices = ["--matrix", "embed_tokens", "layers.0.mlp.*_proj", "--arms", "frozen"];
    await tested(out, llama, ...matrices);
    // Two seeds of four matrices and one arm; full is there.
    expect(trialsOf(out)).toHaveLength(24 + 8);
    expect(
      resultOf(out)
        .targets.map(({ name }) => name)
        .sort(),
    ).toEqual(["embed_tokens", "layers.0.mlp.down_proj", "layers.0.mlp.gate_proj", "layers.0.mlp.up_proj"].sort());
  });

  test("is not mixed with one of other steps", async () => {
    const before = readFileSync(join(out, "run.json"), "utf8");
    const ended = await deadweightTest(llama, "--data", data, ...quick, "--out", out, "--steps", "5");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /holds a run of another configuration: steps \(4 there, 5 asked for\)\. Choose another/,
    );
    expect(readFileSync(join(out, "run.json"), "utf8")).toBe(before);
  });

  test("gives the same losses with two trials at a time", async () => {
    const [one, two] = [at("one-job"), at("two-jobs")];
    await tested(one, llama, "--threads", "2");
    await tested(two, llama, "--threads", "2", "--jobs", "2");
    expectSameLosses(one, two, 1e-6);
  });

  test("gives the same losses where batches are computed in parts, and says that they are", async () => {
    const [whole, parts] = [at("whole"), at("parts")];
    await tested(whole, llama, "--batch-tokens", "256", "--arms", "random");
    const { rows, length, slots, rowsAtOnce, backend } = resultOf(whole).sft;
    expect(rowsAtOnce).toBe(rows);
    const name = backend?.startsWith("native") ? "native" : "onnx";
    const model = architectureOf(readJson(llama, "config.json")).build();
    const fits = (bytes: number) => {
      try {
        return planMemory(model, { rows, length, slots }, bytes, name).rowsAtOnce;
      } catch {
        return 0;
      }
    };
    let megabytes = 80;
    while (fits(megabytes * 1e6) === 0) megabytes += 2;
    expect(fits(megabytes * 1e6)).toBeLessThan(rows);
    const memory = ["--memory", `${megabytes.toFixed(1)}MB`];
    const { stderr } = await tested(parts, llama, "--batch-tokens", "256", "--arms", "random", ...memory);
    expect(stderr).toMatch(/Batches of \d+ rows are computed in parts of \d+ rows? to fit the memory/);
    expect(resultOf(parts).sft.rowsAtOnce).toBeLessThan(rows);
    expectSameLosses(whole, parts, 1e-4);
  });

  test("of several matrices together has one target", async () => {
    const out = at("together");
    await tested(out, gpt2, "--together", "--arms", "random,zero:trainable");
    const { targets } = resultOf(out);
    expect(targets.map(({ name }) => name)).toEqual(["h.0.attn.c_proj+h.1.attn.c_proj+h.2.attn.c_proj"]);
    expect(targets[0].parameters).toBe(3 * 48 * 48);
    expect(losses(out).size).toBe(2 * (2 + 2));
  });

  test("takes the embedding of a tied head, and a matrix of the MLP, at any rank", async () => {
    const out = at("embedding");
    await tested(out, gpt2, "--matrix", "wte", "h.1.mlp.c_fc", "--arms", "crystal:8,random");
    expect(
      resultOf(out)
        .targets.map(({ name }) => name)
        .sort(),
    ).toEqual(["h.1.mlp.c_fc", "wte"]);
    for (const { key, arm, rank, trainableParameters } of trialsOf(out)) {
      if (arm === "full") continue;
      expect(rank, key).toBe(arm === "crystal:8" ? 8 : undefined);
      expect(trainableParameters, key).toBeLessThan(91_104);
    }
  });

  test("chooses its learning rate on examples of their own", async () => {
    const out = at("rate");
    await tested(out, llama, "--lr", "auto", "--arms", "frozen", "--json", at("rate.json"));
    const record = readRecord(at("rate.json"), testRecord);
    expect(record).toEqual(resultOf(out));
    expect(record.sft.learningRateCandidates).toHaveLength(5);
    expect(record.sft.learningRateCandidates.map(({ learningRate }) => learningRate)).toContain(
      record.sft.learningRate,
    );
    const { training, heldOut, calibrationTraining, calibrationHeldOut } = record.data.examples;
    expect(Math.min(training, heldOut, calibrationTraining, calibrationHeldOut)).toBeGreaterThan(0);
    expect(training + heldOut + calibrationTraining + calibrationHeldOut).toBe(300);
  });
});

test("a dry run shows examples, counts, memory and time, and leaves nothing", async () => {
  const out = at("dry");
  const { code, stdout } = await deadweightTest(llama, "--data", data, ...quick, "--out", out, "--dry-run");
  expect(code).toBe(0);
  expect(existsSync(out)).toBe(false);
  for (const number of [1, 2, 3]) expect(stdout).toContain(`Example ${number} (scored: between ⟦ and ⟧)`);
  expect(stdout.match(/^add .*⟦ makes .*<eos>⟧$/gm)).toHaveLength(3);
  const text = stdout.replace(/\s+/g, " ");
  expect(text).toMatch(
    /300 rows read as prompt-completion\. Examples: 284 for training \([\d,]+ scored tokens\), 16 held out/,
  );
  expect(text).toMatch(
    /Batches: \d+ rows of \d+ positions, on average [\d.]+ examples with \d+ scored tokens, \d+% filled/,
  );
  expect(text).toMatch(/Memory: about 0\.1 GB for each of 1 job; 1 thread in all/);
  expect(text).toMatch(/Trials: 16 \(2 targets x frozen, crystal, random x 2 seeds, .*\), about \d+ (s|min)/);
  expect(text).toContain("Targets: layers.0.self_attn.o_proj, layers.1.self_attn.o_proj.");
});

describe("data in the formats that people have", () => {
  const csv = (): string => {
    const path = at("sums.csv");
    writeFileSync(path, ["ask,say", ...pairs.map(({ asked, answer }) => `"${asked}",${answer}`)].join("\n"));
    return path;
  };
  const jsonl = (name: string, row: (pair: (typeof pairs)[number]) => unknown) => () =>
    writeRows(at(`${name}.jsonl`), pairs.map(row));
  const conversation = jsonl("messages", ({ asked, answer }) => ({
    messages: [
      { role: "user", content: asked },
      { role: "assistant", content: answer.trim() },
    ],
  }));
  const cases: [string, () => string, string[], string, RegExp][] = [
    [
      "messages",
      conversation,
      ["--chat-template", "chatml"],
      "messages",
      /user add .* assistant⟦ makes .*<\|im_end\|>⟧$/m,
    ],
    [
      "question-answer",
      jsonl("qa", ({ asked, answer }) => ({ question: asked, answer: answer.trim() })),
      [],
      "question-answer",
      /^question : add .* answer :⟦ makes .*<eos>⟧$/m,
    ],
    [
      "instruction",
      jsonl("instruction", ({ asked, answer }) => ({ instruction: asked, output: answer })),
      [],
      "instruction",
      /instruction : add .* response :⟦ makes .*<eos>⟧$/m,
    ],
    ["text", jsonl("text", ({ asked, answer }) => ({ text: asked + answer })), [], "text", /^add⟦ .*<eos>⟧$/m],
    [
      "named columns of CSV",
      csv,
      ["--prompt-column", "ask", "--completion-column", "say"],
      "prompt-completion",
      /^add .*⟦ makes .*<eos>⟧$/m,
    ],
  ];

  test.each(cases)("%s", async (_what, path, options, format, shown) => {
    const ended = await deadweightTest(llama, "--data", path(), ...quick, ...options, "--dry-run");
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(shown);
    expect(ended.stdout.replace(/\s+/g, " ")).toContain(`300 rows read as ${format}`);
  });

  test("conversations train, and held-out examples come from their own file", async () => {
    const out = at("conversation");
    const options = ["--data", conversation(), "--chat-template", "chatml", "--eval-data", data, "--out", out];
    const ended = await deadweightTest(llama, ...quick, ...options, "--arms", "frozen");
    expect(ended.code).toBe(0);
    const record = resultOf(out);
    expect(record.data).toMatchObject({ format: "messages", chatTemplate: "chatml", evalSources: [data] });
    expect(record.data.examples).toMatchObject({ training: 300, heldOut: 16 });
    expect(record.trials.finished).toBe(8);
  });

  test("are read from standard output as a record too", async () => {
    const options = [llama, "--data", data, ...quick, "--out", at("json"), "--arms", "frozen", "--json", "-"];
    const { stdout } = await deadweightTest(...options);
    expect(testRecord.parse(JSON.parse(stdout))).toEqual(resultOf(at("json")));
  });
});

/** Steps enough that there is time to act between two trials. */
const slow = (out: string) => [
  ...[llama, "--data", data, "--out", out, "--steps", "300", "--seeds", "2", "--lr", "1e-3", "--batch-tokens", "256"],
  ...["--held-out", "16", "--threads", "1", "--jobs", "1", "--arms", "frozen", "--no-controls"],
];

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited++) {
    expect(waited, "no such moment").toBeLessThan(2000);
    await setTimeout(10);
  }
}

/** Processes that this one has started, by the kernel's own list. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

describe("a test in the middle of its trials", () => {
  const begin = (out: string) => {
    const child = spawn(process.execPath, command(...slow(out)), {
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let told = "";
    child.stderr.on("data", (text) => {
      told += text;
    });
    const ended = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
    return { child, ended, told: () => told };
  };
  const finished = (out: string) => (existsSync(join(out, "trials.jsonl")) ? trialsOf(out).length : 0);

  test("is interrupted, keeps what is finished, and goes on", async () => {
    const out = at("interrupted");
    const { child, ended, told } = begin(out);
    await until(() => finished(out) >= 2);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(told()).toMatch(/Stopped\. Run the same command to continue\./);
    const kept = readFileSync(join(out, "trials.jsonl"), "utf8");
    expect(finished(out)).toBeLessThan(8);
    expect(existsSync(join(out, "run.lock"))).toBe(false);
    expect((await deadweightTest(...slow(out))).code).toBe(0);
    expect(readFileSync(join(out, "trials.jsonl"), "utf8").startsWith(kept)).toBe(true);
    expect(losses(out).size).toBe(8);
    expect(finished(out)).toBe(8);
  });

  test.skipIf(process.platform !== "linux")("loses its worker, and tries that trial again", async () => {
    const out = at("bereaved");
    const { child, ended, told } = begin(out);
    await until(() => finished(out) >= 1);
    const [worker] = childrenOf(child.pid!);
    process.kill(worker, "SIGKILL");
    // What is still to do takes another worker.
    expect(finished(out)).toBeLessThan(8);
    expect(await ended, told()).toBe(0);
    expect(finished(out)).toBe(8);
    expectSameLosses(out, at("interrupted"), 1e-6);
  });
});
