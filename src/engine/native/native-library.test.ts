import {
  chmodSync,
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
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { change, noCompiler, writeToyLibrary } from "../../../test/toy-library.js";
import { InputError, UsageError } from "../../foundation/errors.js";
import { findNativeLibrary, type LibrarySearch } from "./native-library.js";
import type { Variant } from "./variant.js";

const whole = mkdtempSync(join(tmpdir(), "deadweight-native-"));
afterAll(() => rmSync(whole, { recursive: true, force: true }));

let folder: string;
let sources: string;
let cache: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(whole, "test-"));
  sources = writeToyLibrary(join(folder, "native"));
  cache = join(folder, "cache", "deadweight");
  said = [];
});

const find = (environment: Record<string, string> = {}): Promise<LibrarySearch> =>
  findNativeLibrary({
    sources,
    say: (line) => said.push(line),
    environment: { ...process.env, DEADWEIGHT_CACHE: cache, TMPDIR: folder, ...environment },
  });

const files = (): string[] => readdirSync(cache).filter((name) => name.startsWith("kernels-"));

/** What the toy says that it was compiled for. */
function vectorBytes({ library }: LibrarySearch): number {
  const pool = library!.openPool(1);
  const bytes = pool.scratchBytes();
  pool.close();
  return bytes;
}

/** A compiler that is `cc` but for what the shell lines before it do with its arguments. */
function compilerThat(...lines: string[]): string {
  const path = join(folder, `cc-${readdirSync(folder).length}`);
  writeFileSync(path, ["#!/bin/sh", ...lines, 'exec cc "$@"', ""].join("\n"));
  chmodSync(path, 0o755);
  return path;
}

describe("without a compiler", () => {
  it("says that none answers", async () => {
    const { library, reason, compiler } = await find({ CC: "", PATH: join(folder, "empty") });
    expect([library, compiler]).toEqual([null, null]);
    expect(reason).toBe("No C compiler here: neither cc nor gcc nor clang answers.");
  });

  it("says that the one wanted does not answer, and takes no other", async () => {
    expect((await find({ CC: "/nonexistent" })).reason).toBe(
      "No C compiler here: CC is '/nonexistent', which does not answer.",
    );
  });
});

describe.skipIf(noCompiler !== null)("with a compiler", () => {
  it("compiles once, and says so", async () => {
    const first = await find();
    expect(first.reason).toBeNull();
    expect(first.library?.variant).toBe(first.supported![0]);
    expect(first.supported!.at(-1)).toBe("portable");
    expect(first.file!.made).toBe(true);
    expect(said).toEqual([`Compiling kernels for ${first.library!.variant} with ${first.compiler} ... (once)`]);
    expect(first.library!.description).toBe(`native kernels (${first.library!.variant}, ${first.compiler})`);
    expect(first.compiler).toMatch(/^\S+(, clang)? \d+\.\d+/);
    const second = await find();
    expect(second.file).toEqual({ path: first.file!.path, made: false });
    expect(said).toHaveLength(1);
    expect(readdirSync(cache).filter((name) => !name.endsWith(".so"))).toEqual([]);
  });

  it("compiles anew where a source, a header, a flag, a variant or the compiler is another", async () => {
    await find();
    change(sources, "library.c", "/* changed */");
    await find();
    change(sources, "variant.h", "/* changed */");
    await find();
    await find({ CC: "cc -DANOTHER" });
    await find({ CC: compilerThat('[ "$1" = --version ] && echo "cc (another) 99.1" && exit') });
    await find({ DEADWEIGHT_VARIANT: "portable" });
    const flags = join(sources, "variants.json");
    writeFileSync(flags, readFileSync(flags, "utf8").replace('"-O3"', '"-O1"'));
    await find();
    expect(said).toHaveLength(7);
    expect(said[4]).toContain(" 99.1 ...");
    expect(said[5]).toContain("Compiling kernels for portable ");
    expect(new Set(files()).size).toBe(7);
  });

  it("gives each variant its flags", async () => {
    const expected: Partial<Record<Variant, number>> = { portable: 16, avx2: 32, avx512: 64, avx512bf16: 65 };
    const { supported } = await find();
    for (const [variant, bytes] of Object.entries(expected))
      if (supported!.includes(variant as Variant))
        expect(vectorBytes(await find({ DEADWEIGHT_VARIANT: variant })), variant).toBe(
          process.arch === "x64" ? bytes : 16,
        );
  });

  it.each([
    ["cut short", (path: string) => truncateSync(path, 4000)],
    ["empty", (path: string) => truncateSync(path, 0)],
    ["changed", (path: string) => writeFileSync(path, readFileSync(path).fill(0x90, 5000, 5100))],
  ])("notices a file that is %s, and makes it anew", async (_, spoil) => {
    const { file } = await find();
    const good = readFileSync(file!.path);
    // The library is still loaded: another process finds the spoilt one under its name, and this one keeps what it has.
    rmSync(file!.path);
    writeFileSync(file!.path, good);
    spoil(file!.path);
    const again = await find();
    expect(again.reason).toBeNull();
    expect(again.file!.made).toBe(true);
    expect(readFileSync(again.file!.path)).toEqual(good);
    expect(said).toHaveLength(2);
  });

  it("gives all of several processes at once a good library", async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => find()));
    for (const one of all) {
      expect(one.reason).toBeNull();
      expect(vectorBytes(one)).toBe(vectorBytes(all[0]));
    }
    expect((await find()).file!.made).toBe(false);
    expect(readdirSync(cache).filter((name) => !name.endsWith(".so"))).toEqual([]);
  });

  it("takes another folder where the cache cannot be written", async () => {
    mkdirSync(join(folder, "cache"));
    writeFileSync(cache, "a file");
    const { file, reason } = await find();
    expect(reason).toBeNull();
    expect(file!.path).toContain(`${join(folder, "deadweight-")}`);
    expect((await find()).file!.path).toBe(file!.path);
  });

  it("takes no folder that others may write to", async () => {
    mkdirSync(join(folder, "cache"));
    writeFileSync(cache, "a file");
    const { file } = await find();
    chmodSync(dirname(file!.path), 0o777);
    const { library, reason } = await find();
    expect(library).toBeNull();
    expect(reason).toMatch(
      /^The compiled kernels can be written nowhere \(.*; .*: others may write to it\)\. Set DEADWEIGHT_CACHE to a writable folder with free space\.$/,
    );
  });

  it("takes another folder where the cache is full", async () => {
    const full = compilerThat(
      `case "$*" in *"${cache}"*) echo "/tmp/x.s: Fatal error: can't write: No space left on device" >&2; exit 1;; esac`,
    );
    const { file, reason } = await find({ CC: full });
    expect(reason).toBeNull();
    expect(file!.path).toContain(`${join(folder, "deadweight-")}`);
  });

  it("falls to the next variant where the compiler does not know one", async () => {
    const { supported } = await find({ DEADWEIGHT_VARIANT: "portable" });
    if (supported!.length === 1) return;
    const old = compilerThat(
      'case "$*" in *-mavx512bf16*|*-mavx512f*) echo "cc: error: unrecognized command-line option" >&2; exit 1;; esac',
    );
    const found = await find({ CC: old });
    const best = supported!.find((variant) => variant === "avx2" || variant === "portable");
    expect(found.library?.variant).toBe(best);
    expect([...found.notCompiled.keys()]).toEqual(supported!.slice(0, supported!.indexOf(best!)));
    expect([...found.notCompiled.values()][0]).toBe("cc: error: unrecognized command-line option");
  });

  it("says why where the compiler can make no variant", async () => {
    change(sources, "library.c", "int broken(void) { return missing; }");
    const { reason, library, notCompiled, supported } = await find();
    expect(library).toBeNull();
    expect([...notCompiled.keys()]).toEqual(supported);
    expect(reason).toMatch(/^cc \S+ does not compile the kernels \([^;]*error: [^;]*missing[^;]*\)\.$/);
  });

  it("says why where the compiler has no headers", async () => {
    const bare = compilerThat('case "$*" in *cpu.c*) echo "cpu.c:8:10: fatal error: no stdint.h" >&2; exit 1;; esac');
    expect((await find({ CC: bare })).reason).toMatch(/does not compile the kernels \(cpu\.c:8:10: fatal error/);
  });

  it("says why where the library does not load, or is another", async () => {
    change(sources, "library.c", "int missing(void); int used(void) { return missing(); }");
    expect((await find()).reason).toMatch(/kernels-.*\.so: cannot be loaded \(.*missing.*\)\.$/);
    writeToyLibrary(sources);
    const path = join(sources, "library.c");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace("return 288", "return 280"));
    expect((await find()).reason).toMatch(/reads instructions of 280 bytes; this version writes 288\.$/);
    writeFileSync(path, text.replace("deadweightSumOfSquares", "renamed"));
    expect((await find()).reason).toMatch(/is not the kernel library \(.*deadweightSumOfSquares/);
  });

  it("says why where the sources are not there", async () => {
    sources = join(folder, "nowhere");
    expect((await find()).reason).toMatch(/nowhere: the kernels' sources cannot be read/);
    expect(existsSync(cache)).toBe(false);
  });

  it("refuses a variant that it does not know or the processor lacks", async () => {
    await expect(find({ DEADWEIGHT_VARIANT: "avx1024" })).rejects.toThrow(
      "DEADWEIGHT_VARIANT is 'avx1024'; variants are amx, avx512bf16, avx512, avx2, portable.",
    );
    const lacking = join(sources, "cpu.c");
    writeFileSync(
      lacking,
      readFileSync(lacking, "utf8").replace("static bool hasAvx2(void) {", "static bool hasAvx2(void) { return false;"),
    );
    const forced = find({ DEADWEIGHT_VARIANT: "avx2" });
    await expect(forced).rejects.toThrow(UsageError);
    await expect(forced).rejects.toThrow(
      "DEADWEIGHT_VARIANT is 'avx2', which this processor cannot run. It runs portable.",
    );
    expect((await find()).library?.variant).toBe("portable");
  });
});

describe.skipIf(noCompiler !== null)("a pool of its threads", () => {
  it("works on arrays where they lie, small and large", async () => {
    const pool = (await find()).library!.openPool(2);
    expect(pool.threads).toBe(2);
    for (const length of [1, 3, 100_000]) {
      const values = new Float32Array(length).fill(2);
      const address = pool.address(values);
      expect(pool.address(values)).toBe(address);
      expect(pool.address(values.subarray(length - 1))).toBe(address + BigInt(4 * (length - 1)));
      expect(pool.sumOfSquares(values)).toBe(4 * length);
      const arrays = {
        weights: new Float32Array(length).fill(1),
        gradients: values,
        firstMoments: new Float32Array(length),
        secondMoments: new Float32Array(length),
      };
      pool.adamw(arrays, Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0.5));
      expect([arrays.weights, arrays.firstMoments, arrays.secondMoments].map((array) => array.at(-1))).toEqual([
        2, 1, 2,
      ]);
    }
    const memory = pool.allocate(4096);
    expect(memory).toBeGreaterThan(0n);
    pool.free(memory, 4096);
    pool.close();
    expect(() => pool.scratchBytes()).toThrow("after it was closed");
  });

  it("runs off the main thread, on a stack that a kernel can use, and nothing beside", async () => {
    const pool = (await find()).library!.openPool(1);
    const instructions = new Uint8Array(288);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    const running = pool.run(instructions, 200);
    expect(() => pool.sumOfSquares(new Float32Array(1))).toThrow("while it runs");
    await expect(pool.run(instructions, 1)).rejects.toThrow("while it runs");
    await running;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
    expect(instructions[0]).toBe(1);
    pool.close();
  });

  it("says what is short", async () => {
    const library = (await find()).library!;
    expect(() => library.openPool(2000)).toThrow(
      new InputError("2000 threads cannot be had; give fewer by --threads."),
    );
    const pool = library.openPool(1);
    await expect(pool.run(new Uint8Array(288), -1)).rejects.toThrow(InputError);
    await expect(pool.run(new Uint8Array(288), -1)).rejects.toThrow(/do not get the memory/);
    await expect(pool.run(new Uint8Array(288), -2)).rejects.toThrow(/does not know a kernel/);
    expect(() => pool.allocate(2 ** 45)).toThrow(/do not get 35184\.4 GB/);
    pool.close();
  });
});
