/**
 * @file Builds every native/test/*-test.c with the kernels and runs it, for each variant that this processor has or for those that are
 * asked for: node native/test/run.mjs [--variant v]... [--sanitize address,undefined | thread] [--only name]. Exit code 1 on a failure.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    variant: { type: "string", multiple: true },
    sanitize: { type: "string" },
    only: { type: "string" },
  },
});

const native = join(import.meta.dirname, "..");
const flags = JSON.parse(readFileSync(join(native, "variants.json"), "utf8"));
const [compiler, ...given] = (process.env.CC || "cc").split(/\s+/);
const sanitizers = options.sanitize
  ? [`-fsanitize=${options.sanitize}`, "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g"]
  : [];
/** A test asks for more memory than there is, to see it refused. */
const refusing = "allocator_may_return_null=1";
const sanitizerSettings = { ASAN_OPTIONS: refusing, TSAN_OPTIONS: refusing };
const compileMs = 600_000;
const testMs = options.sanitize ? 900_000 : 120_000;

function run(command, args, timeout) {
  const settings = { timeout, maxBuffer: 1 << 26, env: { ...process.env, ...sanitizerSettings } };
  return new Promise((resolve) => {
    execFile(command, args, settings, (error, stdout, stderr) => {
      const ended = error?.killed ? `no end within ${timeout / 1000} seconds` : (error?.signal ?? error?.code);
      resolve({ failure: error ? String(ended) : null, stdout, stderr: stderr.trim() });
    });
  });
}

const compile = (args) => run(compiler, [...given, ...args], compileMs);

/** Runs a job for each item, as many at a time as there are cores. */
async function inParallel(items, job) {
  const left = [...items];
  const work = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await job(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

let failures = 0;
function fail(what, { failure, stderr }) {
  failures++;
  console.log(`${what}: failed (${failure})`);
  if (stderr) console.log(stderr.replace(/^/gm, "    "));
}

async function supportedVariants(folder) {
  const program = join(folder, "supported");
  const source = join(folder, "supported.c");
  const names = Object.keys(flags.variants);
  const lines = names.map((name) => `if (deadweightCpuSupports("${name}")) puts("${name}");`);
  writeFileSync(
    source,
    `#include <stdio.h>\nint deadweightCpuSupports(const char *);\nint main(void) {${lines.join("")}}\n`,
  );
  const built = await compile([source, join(native, "cpu.c"), "-o", program]);
  if (built.failure) throw new Error(`cpu.c does not compile: ${built.stderr || built.failure}`);
  return (await run(program, [], testMs)).stdout.trim().split("\n");
}

/** One archive, so that a test is linked with what it needs alone. */
async function buildKernels(folder, compileFlags) {
  const sources = ["", "spectral"].flatMap((part) =>
    readdirSync(join(native, part))
      .filter((name) => name.endsWith(".c"))
      .map((name) => join(part, name)),
  );
  const objects = [];
  await inParallel(sources, async (name) => {
    const object = join(folder, `${basename(name)}.o`);
    const built = await compile([...compileFlags, "-c", join(native, name), "-o", object]);
    if (built.failure) fail(`${name} is not compiled`, built);
    else objects.push(object);
    // Warnings.
    if (!built.failure && built.stderr) console.error(built.stderr);
  });
  const archive = join(folder, "kernels.a");
  const archived = await run("ar", ["rcs", archive, ...objects.sort()], compileMs);
  if (archived.failure) throw new Error(`ar: ${archived.stderr || archived.failure}`);
  return archive;
}

async function buildTest(name, folder, archive, compileFlags) {
  const program = join(folder, basename(name, ".c"));
  const parts = [join(import.meta.dirname, name), join(import.meta.dirname, "processor.c"), archive];
  const built = await compile([...compileFlags, ...parts, "-lm", "-lpthread", "-o", program]);
  return { ...built, program };
}

async function testVariant(variant, tests, folder) {
  const compileFlags = [...flags.compile, ...flags.variants[variant], ...sanitizers];
  compileFlags.push(`-DdeadweightVariant="${variant}"`);
  const archive = await buildKernels(folder, compileFlags);
  const programs = new Map();
  await inParallel(tests, async (name) => {
    programs.set(name, await buildTest(name, folder, archive, compileFlags));
  });
  // One after the other: they have threads of their own.
  for (const name of tests) {
    const what = `${variant} ${basename(name, "-test.c")}`;
    const { program, ...built } = programs.get(name);
    if (built.failure) {
      fail(`${what} is not compiled`, built);
      continue;
    }
    const begin = performance.now();
    const result = await run(program, [], testMs);
    if (result.failure) fail(what, result);
    else console.log(`${what}: passed (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "deadweight-kernels-"));
try {
  const tests = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith("-test.c") && [undefined, basename(name, "-test.c")].includes(options.only))
    .sort();
  if (tests.length === 0) throw new Error(`there is no test '${options.only}'`);
  const variants = options.variant ?? (await supportedVariants(folder));
  for (const variant of variants) {
    if (!(variant in flags.variants)) throw new Error(`there is no variant '${variant}'`);
    await testVariant(variant, tests, mkdtempSync(join(folder, `${variant}-`)));
  }
} catch (error) {
  failures++;
  console.error(`run.mjs: ${error.message}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
