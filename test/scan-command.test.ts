import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCheckpointFolder } from "../src/checkpoint/checkpoint-folder.js";
import { writeSafetensors } from "../src/checkpoint/safetensors-writer.js";
import { randomStream } from "../src/foundation/random.js";
import { readRecord } from "../src/records/record-file.js";
import { scanRecord } from "../src/records/scan-record.js";
import { noCompiler } from "./toy-library.js";

const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "deadweight-scan-"));
const model = join(folder, "model");
const tuned = join(folder, "tuned");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runIn = (environment: Readonly<Record<string, string>>, ...args: string[]) =>
  spawnSync(process.execPath, [program, "scan", ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", HF_HUB_OFFLINE: "1", HF_HOME: join(folder, "hub"), ...environment },
  });
const run = (...args: string[]) => runIn({}, ...args);

function noise(name: string, count: number, scale: number): Float32Array {
  const values = new Float32Array(count);
  randomStream(1, name).fillNormal(values, scale);
  return values;
}

/** Two layers of a model that looks like GPT-2; one matrix with a strong component, one broken. */
function* tensors(change: number) {
  for (let layer = 0; layer < 2; layer++) {
    const attention = noise(`attention ${layer}`, 32 * 96, 0.02);
    for (let i = 0; i < 32 * 96; i++) attention[i] += 0.2 * Math.sin(i % 96) * Math.cos(Math.floor(i / 96));
    yield { name: `transformer.h.${layer}.attn.c_attn.weight`, shape: [32, 96], data: attention };
    const projection = noise(`projection ${layer}`, 32 * 32, 0.02).map((value) => value + change);
    if (layer === 1) projection[7] = Number.NaN;
    yield { name: `transformer.h.${layer}.attn.c_proj.weight`, shape: [32, 32], data: projection };
  }
  yield { name: "transformer.wte.weight", shape: [300, 32], data: noise("wte", 300 * 32, 0.02) };
  yield { name: "transformer.ln_f.weight", shape: [32], data: new Float32Array(32).fill(1) };
}

beforeAll(() => {
  const config = { model_type: "gpt2", architectures: ["GPT2LMHeadModel"] };
  for (const [path, change] of [
    [model, 0],
    [tuned, 0.001],
  ] as const) {
    writeCheckpointFolder(path, {
      config,
      tensors: [...tensors(change)].map((tensor) => ({ ...tensor, dtype: "F32" as const })),
    });
  }
});

describe("deadweight scan", () => {
  it("shows a row for each matrix, parts included, and says what cannot be told from noise", () => {
    const { stdout, status } = run(model);
    expect(status).toBe(0);
    const [header, ...lines] = stdout.split("\n");
    expect(header).toMatch(/^matrix +shape +spectrum +pr \/noise/);
    const names = lines.slice(0, 11).map((line) => line.split(" ")[0]);
    expect(names).toEqual([
      ...["h.0.attn.c_attn", "h.0.attn.c_attn.q", "h.0.attn.c_attn.k", "h.0.attn.c_attn.v", "h.0.attn.c_proj"],
      ...["h.1.attn.c_attn", "h.1.attn.c_attn.q", "h.1.attn.c_attn.k", "h.1.attn.c_attn.v", "h.1.attn.c_proj", "wte"],
    ]);
    expect(lines[9]).toContain("1 of 1024 entries are NaN or infinite");
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "2 of 4 matrices cannot be told from i.i.d. noise: h.0.attn.c_proj, wte.",
    );
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  it("writes a record that fits its schema, and the same whatever the number of threads", () => {
    const [one, two] = [join(folder, "one.json"), join(folder, "two.json")];
    expect(run(model, "--json", one, "--jobs", "1").status).toBe(0);
    expect(run(model, "--json", two, "--jobs", "3").status).toBe(0);
    expect(readFileSync(two, "utf8")).toBe(readFileSync(one, "utf8"));
    const record = readRecord(one, scanRecord);
    expect(record.model).toMatchObject({ source: model, architecture: "GPT2LMHeadModel", parameters: 17_824 });
    expect(record.matrices).toHaveLength(11);
    const { stdout } = run(model, "--json", "-");
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(one, "utf8")));
  });

  it("writes CSV and a page, and sorts", () => {
    const page = join(folder, "page.html");
    const { stdout, status } = run(model, "--csv", "-", "--html", page, "--no-parts");
    expect(status).toBe(0);
    expect(stdout.split("\r\n").slice(0, -1)).toHaveLength(1 + 5);
    expect(readFileSync(page, "utf8")).toContain("h.0.attn.c_attn");
    const sorted = run(model, "--sort", "distance", "--no-parts").stdout.split("\n");
    expect(sorted[1]).toMatch(/^h\.[01]\.attn\.c_attn /);
  });

  it("measures only what is asked for, quickly or exactly, with the same numbers", () => {
    const figures = (...options: string[]) => {
      const { stdout } = run(model, "--only", "h.0.*.*", "--no-parts", "--json", "-", ...options);
      return (JSON.parse(stdout) as { matrices: Record<string, number>[] }).matrices;
    };
    const [full, quick, exact] = [figures(), figures("--quick"), figures("--exact")];
    expect(full.map(({ name }) => name)).toEqual(["h.0.attn.c_attn", "h.0.attn.c_proj"]);
    full.forEach((matrix, i) => {
      for (const key of ["pr", "pc1", "spectralNorm"]) {
        expect(Math.abs(quick[i][key] / matrix[key] - 1)).toBeLessThan(1e-6);
        expect(Math.abs(exact[i][key] / matrix[key] - 1)).toBeLessThan(1e-9);
      }
      expect(quick[i].effectiveRank).toBeNull();
    });
  });

  it("computes a long scan natively where it can, says so, and finds the same", () => {
    const long = join(folder, "long.safetensors");
    const [rows, cols] = [1500, 4500];
    const data = noise("long", rows * cols, 0.02);
    for (let i = 0; i < data.length; i++) data[i] += 0.01 * Math.sin(i % cols) * Math.cos(Math.floor(i / cols));
    writeSafetensors(long, [{ name: "h.0.mlp.c_fc.weight", dtype: "F32", shape: [rows, cols], data }]);
    const scan = (environment: Readonly<Record<string, string>>) => {
      const { stdout, stderr, status } = runIn(environment, long, "--quick", "--json", "-");
      expect(status).toBe(0);
      // A busy machine shows progress too.
      return { record: scanRecord.parse(JSON.parse(stdout)), stderr: stderr.replace(/^scan: .*\n/gm, "") };
    };
    const cache = join(folder, "cache");
    const without = scan({ CC: "/nonexistent", DEADWEIGHT_CACHE: cache });
    expect(without.record.kernels).toBeUndefined();
    expect(without.stderr).toBe(
      "No native kernels: No C compiler here: CC is '/nonexistent', which does not answer. Computing in WebAssembly.\n",
    );
    const short = runIn({ CC: "/nonexistent" }, model, "--quick");
    expect([short.status, short.stderr]).toEqual([0, ""]);
    expect(runIn({ DEADWEIGHT_VARIANT: "none" }, long).status).toBe(noCompiler === null ? 2 : 0);
    if (noCompiler !== null) return;
    const first = scan({ DEADWEIGHT_CACHE: cache });
    expect(first.stderr).toMatch(/^Compiling spectral-kernels for \S+ with .+ \.\.\. \(once\)\n$/);
    expect(first.record.kernels).toMatch(/^native \(\S+, .+\)$/);
    const again = scan({ DEADWEIGHT_CACHE: cache });
    expect(again.stderr).toBe("");
    expect(again.record).toEqual(first.record);
    const [[native], [wasm]] = [first.record.matrices, without.record.matrices];
    for (const measure of ["pr", "pc1", "spectralNorm", "frobenius", "entryStd", "kurtosis"] as const)
      expect(native[measure]! / wasm[measure]!).toBeCloseTo(1, 6);
  });

  it("compares with a base", () => {
    const { stdout } = run(tuned, "--base", model, "--only", "h.0.attn.c_proj", "wte", "--json", "-");
    const { matrices, base } = scanRecord.parse(JSON.parse(stdout));
    expect(base!.source).toBe(model);
    const [projection, wte] = matrices;
    // A constant was added: of rank one, 0.001 times the square root of the number of entries.
    expect(projection.change!.pr).toBeCloseTo(1, 3);
    expect(projection.change!.frobenius).toBeCloseTo(0.032, 6);
    expect(wte.change).toMatchObject({ frobenius: 0, relativeChange: 0, note: "all entries are zero" });
    expect(run(tuned, "--base", model, "--sort", "change").stdout).toMatch(/^matrix .*change %/);
  });

  it.each([
    [["absent"], 1, /absent: no such folder or file/],
    [["org/name"], 1, /org\/name: /],
    [[model, "--only", "h.*.attn.c_porj"], 1, /Nearest names: .*h\.0\.attn\.c_proj/],
    [[model, "--quick", "--exact"], 2, /cannot be used with/],
    [[model, "--seed", "x"], 2, /--seed is 'x'/],
    [[model, "--jobs", "0"], 2, /--jobs is '0'/],
    [[model, "--sort", "change"], 2, /--sort change needs --base/],
    [[model, "--json", "-", "--csv", "-"], 2, /both want standard output/],
    [[model, "--base", "absent"], 1, /absent: no such folder or file/],
    [[model, "--json", join(model, "config.json", "x.json")], 1, /cannot be written/],
  ])("refuses %j in one sentence", (args, status, message) => {
    const result = run(...args);
    expect(result.status).toBe(status);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  it("names a truncated file and a pickle", () => {
    const cut = join(folder, "cut.safetensors");
    writeFileSync(cut, readFileSync(join(model, "model.safetensors")));
    truncateSync(cut, 3000);
    expect(run(cut).stderr).toMatch(/cut\.safetensors: .*Truncated download\?/);
    const pickle = join(folder, "pytorch_model.bin");
    writeFileSync(pickle, Uint8Array.of(0x80, 2, 0x7d));
    const result = run(pickle);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/pickle.*save_pretrained/s);
  });

  it("writes its files also when the reader of the rows has gone", async () => {
    const [page, table] = [join(folder, "unread.html"), join(folder, "unread.csv")];
    const child = spawn(process.execPath, [program, "scan", model, "--html", page, "--csv", table]);
    child.stdout.destroy();
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect(status).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("</html>");
    expect(readFileSync(table, "utf8").split("\r\n")).toHaveLength(1 + 11 + 1);
  });

  it("shows on an interrupt what is done", async () => {
    const large = join(folder, "large");
    const values = noise("large", 768 * 768, 0.02);
    writeCheckpointFolder(large, {
      config: {},
      tensors: Array.from({ length: 40 }, (_, i) => ({
        ...{ name: `layers.${i}.proj.weight`, shape: [768, 768], data: values, dtype: "F32" as const },
      })),
    });
    const child = spawn(process.execPath, [program, "scan", large, "--exact"], { stdio: ["ignore", "pipe", "pipe"] });
    let [shown, told] = ["", ""];
    child.stdout.on("data", (data) => {
      if (shown === "") child.kill("SIGINT");
      shown += data;
    });
    child.stderr.on("data", (data) => {
      told += data;
    });
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect(status).toBe(130);
    expect(told).toMatch(/stopped after \d+ of 40 matrices/);
    expect(shown).toMatch(/layers\.0\.proj/);
    expect(shown).toMatch(/parameters;/);
  });
});
