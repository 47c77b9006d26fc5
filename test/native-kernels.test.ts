/** @file The kernels' own tests in C, for every variant that this machine runs; with sanitizers where DEADWEIGHT_LONG_TESTS is set. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { noCompiler } from "./toy-library.js";

const runner = fileURLToPath(new URL("../native/test/run.mjs", import.meta.url));
const tests = readdirSync(new URL("../native/test/", import.meta.url)).filter((name) => name.endsWith("-test.c"));
const minutes = 60_000;

function run(...args: string[]): Promise<{ code: number | null; lines: string[]; stderr: string }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [runner, ...args], { maxBuffer: 1 << 26 }, (_error, stdout, stderr) => {
      done({ code: child.exitCode, lines: stdout.trim().split("\n"), stderr });
    });
  });
}

async function expectAllPassed(...args: string[]): Promise<void> {
  const { code, lines } = await run(...args);
  expect(lines.filter((line) => !/: passed \(/.test(line))).toEqual([]);
  expect(lines.length).toBeGreaterThanOrEqual(tests.length);
  expect(code).toBe(0);
}

describe.skipIf(noCompiler !== null)(`the kernels in C${noCompiler === null ? "" : ` (${noCompiler})`}`, () => {
  test("pass their tests", () => expectAllPassed(), 20 * minutes);

  test("fail where a test fails or does not exist", async () => {
    expect((await run("--only", "nothing")).code).toBe(1);
    const unknown = await run("--variant", "avx1024");
    expect([unknown.code, unknown.stderr]).toEqual([1, "run.mjs: there is no variant 'avx1024'\n"]);
  });

  describe.skipIf(!process.env.DEADWEIGHT_LONG_TESTS)("under sanitizers", () => {
    test("touch no memory but their own", () => expectAllPassed("--sanitize", "address,undefined"), 60 * minutes);
    test("share nothing that they do not guard", () => expectAllPassed("--sanitize", "thread"), 60 * minutes);
  });
});
