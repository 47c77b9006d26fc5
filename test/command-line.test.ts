/** @file The built command line as a user meets it: exit codes, one sentence for each mistake, nothing lost by an interrupt. */
import { execFile, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { noCompiler } from "./toy-library.js";

const main = resolve(import.meta.dirname, "../dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "deadweight-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function deadweightIn(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  const options = { maxBuffer: 1 << 26, env: { ...process.env, ...environment } };
  return new Promise((done) => {
    const child = execFile(process.execPath, [main, ...args], options, (_error, stdout, stderr) => {
      done({ code: child.exitCode, stdout, stderr });
    });
  });
}

const deadweight = (...args: string[]) => deadweightIn({}, ...args);
const withoutCompiler = { CC: "/nonexistent" };

const lastLine = ({ stderr }: Ended): string => stderr.trim().split("\n").at(-1)!;

describe("wrong usage ends with exit code 2 and a sentence", () => {
  test.each([
    [["paper", "--preset", "huge"], /Unknown preset 'huge'. Presets: smoke, quick, full/],
    [["paper", "--jobs", "0"], /--jobs is '0'; it is a whole number/],
    [["paper", "--device", "tpu"], /tpu/],
    [["verdict", ".", "--margin", "much"], /--margin is 'much'/],
    [["crystallize"], /unknown command/i],
    [["verdict"], /missing required argument/i],
  ])("%j", async (args, message) => {
    const ended = await deadweight(...args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.stdout).toBe("");
  });
});

describe("trouble with files ends with exit code 1 and a sentence", () => {
  test("a place that cannot be written to", async () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "kept");
    const ended = await deadweight("paper", "--preset", "smoke", "--out", join(file, "below"));
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatch(/^deadweight: .*below: cannot be made a run folder .* Choose a writable folder/);
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  test("a folder that is no run", async () => {
    const ended = await deadweight("verdict", folder);
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatch(/there are no trials to judge/);
  });
});

test("help teaches, and says what the exit codes mean", async () => {
  const { code, stdout } = await deadweight("--help");
  expect(code).toBe(0);
  for (const word of ["paper", "verdict", "report", "doctor", "130 interrupted"]) expect(stdout).toContain(word);
});

test("doctor says what there is, and why not", async () => {
  const { code, stdout } = await deadweight("doctor");
  expect(code).toBe(0);
  expect(stdout).toMatch(/onnx +onnxruntime 1\.\d+\.\d+ on cpu/);
  expect(stdout).toMatch(/webgpu +(usable|No usable webgpu adapter here)/);
  expect(stdout).toMatch(/by default +(native kernels|onnxruntime) .*, fp32/);
});

describe("without a compiler", () => {
  test("doctor says so, and what computes then", async () => {
    const { code, stdout } = await deadweightIn(withoutCompiler, "doctor");
    expect(code).toBe(0);
    expect(stdout).toMatch(/compiler +No C compiler here: CC is '\/nonexistent', which does not answer\./);
    expect(stdout).toMatch(/self-test +not run/);
    for (const asked of ["by default", "--precision auto"])
      expect(stdout).toMatch(
        new RegExp(`${asked} +onnxruntime \\S+ on cpu, fp32; No C compiler .*with onnxruntime\\.`),
      );
  });

  test.each([
    [["--precision", "bf16"], /^deadweight: --precision bf16 needs the native kernels\. No C compiler here/],
    [["--backend", "native"], /^deadweight: --backend native cannot be had\. No C compiler here/],
  ])("%j is refused, and nothing is begun", async (args, message) => {
    const out = join(folder, "refused");
    const ended = await deadweightIn(withoutCompiler, "paper", "--preset", "smoke", "--out", out, ...args);
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatch(message);
    expect(existsSync(out)).toBe(false);
  });
});

test.skipIf(noCompiler !== null)("doctor tells of the compiled kernels", async () => {
  const { code, stdout } = await deadweight("doctor");
  expect(code).toBe(0);
  expect(stdout).toMatch(/variants +.*portable/);
  expect(stdout).toMatch(/library +\S+\.so \((in the cache|compiled now, \d+\.\d s)\)/);
  expect(stdout).toMatch(/self-test +passed in fp32 and bf16/);
  expect(stdout).toMatch(/by default +native kernels \(\w+, .+\), fp32/);
  const refused = await deadweightIn({ DEADWEIGHT_VARIANT: "avx1024" }, "paper", "--preset", "smoke");
  expect(refused.code).toBe(2);
  expect(lastLine(refused)).toMatch(/^deadweight: DEADWEIGHT_VARIANT is 'avx1024'; variants are amx, /);
});

/** Interrupts as Ctrl-C does, or kills, after a while. */
async function cutOff(out: string, afterMs: number, signal: "SIGINT" | "SIGKILL"): Promise<number | null> {
  const child = spawn(process.execPath, [main, "paper", "--preset", "smoke", "--out", out], { stdio: "ignore" });
  const exit = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  await setTimeout(afterMs);
  child.kill(signal);
  return exit;
}

/** What may differ between two runs: times. */
function withoutTimes(record: unknown): unknown {
  return JSON.parse(JSON.stringify(record, (key, value) => (key === "wallSeconds" ? 0 : value)));
}
const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), "utf8"));

describe("the paper's experiment at its smallest", () => {
  const whole = join(folder, "whole");
  const pieces = join(folder, "pieces");

  test("runs from raw text to report", { timeout: 300_000 }, async () => {
    const ended = await deadweight("paper", "--preset", "smoke", "--out", whole);
    expect(ended.stderr).toMatch(/Estimated time on this machine/);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("h.4.attn.c_proj");
    const files = readdirSync(whole);
    for (const file of ["run.json", "trials.jsonl", "verdicts.json", "scan.json", "paper.json", "report.html", "base"])
      expect(files).toContain(file);
    expect(files.filter((file) => /\.tmp$|\.lock$|state/.test(file))).toEqual([]);
    expect(readFileSync(join(whole, "report.html"), "utf8")).toContain("<svg");
  });

  test("gives the same numbers when it is interrupted, killed and continued", { timeout: 600_000 }, async () => {
    // Early enough to fall into the base, then into the trials, on slow machines and fast ones alike: any moment will do.
    expect([130, 0]).toContain(await cutOff(pieces, 6_000, "SIGINT"));
    await cutOff(pieces, 9_000, "SIGKILL");
    await cutOff(pieces, 9_000, "SIGINT");
    const ended = await deadweight("paper", "--preset", "smoke", "--out", pieces);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/Continuing preset smoke/);
    expect(withoutTimes(readJson(pieces, "paper.json"))).toEqual(withoutTimes(readJson(whole, "paper.json")));
  });

  test("is judged again with another margin, without training", async () => {
    const ended = await deadweight("verdict", whole, "--margin", "50", "--json", "-");
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).matrices[0].verdict).toBe("redundant");
    expect((await deadweight("verdict", whole, "--margin", "0.5")).stdout).toContain("h.4.attn.c_proj");
    expect((await deadweight("verdict", whole, "--margin", "-1")).code).toBe(2);
  });

  test("is not mixed with another configuration", async () => {
    const before = readFileSync(join(whole, "run.json"), "utf8");
    const ended = await deadweight("paper", "--preset", "quick", "--out", whole);
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatch(/holds a run of another configuration: preset/);
    expect(readFileSync(join(whole, "run.json"), "utf8")).toBe(before);
  });

  test("refuses a base whose file was cut short, and a hand-edited line of its trials", async () => {
    const damaged = join(folder, "damaged");
    cpSync(whole, damaged, { recursive: true });
    for (const file of ["trials.jsonl", "scan.jsonl"]) rmSync(join(damaged, file));
    truncateSync(join(damaged, "base", "model.safetensors"), 10_000);
    const cut = await deadweight("paper", "--preset", "smoke", "--out", damaged);
    expect(cut.code).toBe(1);
    expect(lastLine(cut)).toMatch(/model\.safetensors: .*Truncated download\?/);
    const edited = join(folder, "edited");
    mkdirSync(edited);
    writeFileSync(
      join(edited, "trials.jsonl"),
      readFileSync(join(whole, "trials.jsonl"), "utf8").replace('"seed":', '"sead":'),
    );
    const judged = await deadweight("verdict", edited);
    expect(judged.code).toBe(1);
    expect(lastLine(judged)).toMatch(/trials\.jsonl:1: seed/);
    expect(existsSync(join(edited, "verdicts.json"))).toBe(false);
  });
});
