import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { exportFixture } from "../../test/export-cases.js";
import { openSafetensors } from "../checkpoint/safetensors-file.js";
import { type WritableTensor, writeSafetensors } from "../checkpoint/safetensors-writer.js";
import { InputError } from "../foundation/errors.js";
import { type CompactRecord, compactFile, compactKey, parseCompactRecord } from "./compact-record.js";
import { denseCheckpoint } from "./dense-checkpoint.js";

const parent = mkdtempSync(join(tmpdir(), "deadweight-tampered-"));
const folder = join(parent, "compact");
const path = join(folder, compactFile);
afterAll(() => rmSync(parent, { recursive: true }));
beforeEach(() => cpSync(exportFixture("llama-compact"), folder, { recursive: true }));

type Matrix = CompactRecord["matrices"][number];
const open = () => denseCheckpoint(folder).close();

/** Writes the file anew with another record or other tensors. */
function tamper(
  change: (record: CompactRecord) => unknown,
  tensors: (all: WritableTensor[]) => WritableTensor[] = (all) => all,
) {
  const file = openSafetensors(path);
  const record = parseCompactRecord(file.header.metadata.get(compactKey), path);
  const all = [...file.header.tensors.values()].map(
    ({ name, shape }): WritableTensor => ({ name, shape, dtype: "F32", data: file.readFloat32(name) }),
  );
  file.close();
  const text = change(record);
  const metadata: Record<string, string> =
    text === undefined ? {} : { [compactKey]: typeof text === "string" ? text : JSON.stringify(text) };
  writeSafetensors(path, tensors(all), metadata);
}

const withMatrix = (form: Matrix["form"], change: object) => (record: CompactRecord) => ({
  ...record,
  matrices: record.matrices.map((matrix, _, all) =>
    matrix === all.find((one) => one.form === form) ? { ...matrix, ...change } : matrix,
  ),
});
const same = (record: CompactRecord) => record;

describe("a compact checkpoint that was tampered with", () => {
  const records: readonly (readonly [what: string, change: (record: CompactRecord) => unknown, message: RegExp])[] = [
    ["without a record", () => undefined, /no entry 'deadweight' in its metadata/],
    ["whose record is not JSON", () => "{", /is not JSON/],
    ["whose record holds a key twice", (r) => JSON.stringify(r).replace("{", '{"schema":"x",'), /holds a key twice/],
    ["whose record nests deeply", () => "[".repeat(100_000), /100000 levels/],
    ["of another schema", (r) => ({ ...r, schema: "deadweight/compact@2" }), /schema/],
    ["without a seed", withMatrix("random", { seed: undefined }), /seed/],
    ["of a seed that is no safe integer", withMatrix("random", { seed: 2 ** 53 }), /seed/],
    ["of another generator", withMatrix("random", { generator: "mt19937" }), /generator/],
    ["of a negative deviation", withMatrix("random", { deviation: -1 }), /deviation/],
    ["of a zero-sized matrix", withMatrix("zero", { shape: [0, 4] }), /shape/],
    ["of an enormous matrix", withMatrix("zero", { shape: [1e9, 1e9] }), /more than the 2147483648 numbers/],
    ["of another element type", withMatrix("zero", { dtype: "I64" }), /dtype/],
    ["of another shape", withMatrix("zero", { shape: [24, 17] }), /have \d+ parameters, but its record says/],
    ["of another rank", withMatrix("factors", { rank: 2 }), /as a factor F32 \[16, 2\] is wanted/],
    ["of a rank that saves nothing", withMatrix("factors", { rank: 16 }), /which are not smaller/],
    ["of factors of another type", withMatrix("factors", { dtype: "F16" }), /as a factor F16/],
    [
      "that uses a factor twice",
      withMatrix("factors", { right: "model.layers.0.mlp.down_proj.weight:left" }),
      /is wanted|two matrices/,
    ],
    [
      "that names no tensor",
      withMatrix("factors", { left: "gone" }),
      /'gone' is named as a factor, but the file holds no such/,
    ],
    [
      "that names a stored tensor",
      withMatrix("zero", { name: "model.norm.weight" }),
      /'model.norm.weight' is there twice/,
    ],
    ["that names a matrix twice", (r) => ({ ...r, matrices: [...r.matrices, r.matrices[0]] }), /is there twice/],
    [
      "that repeats what is not there",
      (r) => ({ ...r, copies: [{ name: "a", of: "b" }] }),
      /'a' repeats 'b', which is not there/,
    ],
    [
      "that repeats a stored tensor",
      (r) => ({ ...r, copies: [{ name: "model.norm.weight", of: "model.norm.weight" }] }),
      /twice/,
    ],
    ["that lost an entry", (r) => ({ ...r, matrices: r.matrices.slice(1) }), /Is a tensor missing/],
  ];
  it.each(records)("is refused: %s", (_, change, message) => {
    tamper(change);
    expect(open).toThrow(InputError);
    expect(open).toThrow(message);
  });

  it("is refused where a tensor is missing, or another was added", () => {
    tamper(same, (all) => all.filter(({ name }) => name !== "model.norm.weight"));
    expect(open).toThrow(/Is a tensor missing/);
    tamper(same, (all) => [...all, { name: "more", shape: [1], dtype: "F32", data: new Float32Array(1) }]);
    expect(open).toThrow(InputError);
  });

  it("is refused where it is truncated, has no config, or is not there", () => {
    truncateSync(path, readFileSync(path).byteLength - 4);
    expect(open).toThrow(/Truncated download/);
    rmSync(path);
    expect(open).toThrow(/cannot be opened/);
    rmSync(join(folder, "config.json"));
    expect(open).toThrow(/config\.json: cannot be read/);
    writeFileSync(join(folder, "config.json"), "[]");
    expect(open).toThrow(InputError);
  });

  it("opens or is refused with a sentence, whatever bytes of its header change", () => {
    const bytes = readFileSync(path);
    const header = Number(bytes.readBigUInt64LE(0)) + 8;
    fc.assert(
      fc.property(fc.nat(header - 1), fc.integer({ min: 32, max: 126 }), (at, byte) => {
        writeFileSync(
          path,
          Uint8Array.from(bytes, (old, i) => (i === at ? byte : old)),
        );
        try {
          open();
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 300, seed: 6 },
    );
  });
});
