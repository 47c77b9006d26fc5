import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { InterruptedError } from "../foundation/errors.js";
import { type MatrixScanRecord, scanRecord as scanSchema } from "../records/scan-record.js";
import { measureMatrix } from "./matrix-measures.js";
import { openNoiseNulls } from "./noise-null.js";
import { scanCheckpoint, scanRecord } from "./scan.js";

const fixtures = new URL("../../test/fixtures/checkpoint/", import.meta.url);
const tinyGpt2 = fileURLToPath(new URL("tiny-gpt2", fixtures));

async function collect(records: AsyncIterable<MatrixScanRecord>): Promise<MatrixScanRecord[]> {
  const collected: MatrixScanRecord[] = [];
  for await (const record of records) collected.push(record);
  return collected;
}

/** A checkpoint of one 2 x 2 tensor that exists nowhere. */
function singleTensor(dtype: string, values: readonly number[]): Checkpoint {
  return {
    source: "single",
    config: null,
    tensors: new Map([["proj.weight", { name: "proj.weight", dtype, shape: [2, 2] }]]),
    readFloat32: () => Float32Array.from(values),
    sha256: () => "0".repeat(64),
    close: () => {},
  };
}

describe("scanRecord", () => {
  it("covers every matrix in order and fits the record's schema, also through JSON", async () => {
    const checkpoint = openCheckpoint(tinyGpt2);
    const record = await scanRecord(checkpoint, { seed: 4 });
    expect(record.matrices.map(({ name }) => name)).toEqual(listMatrices(checkpoint).map(({ name }) => name));
    expect(record.model).toEqual({
      source: tinyGpt2,
      sha256: checkpoint.sha256(),
      architecture: "GPT2LMHeadModel",
      parameters: 1976,
    });
    expect(record.seed).toBe(4);
    expect(scanSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    checkpoint.close();
  });

  it("takes Conv1D tensors as output x input", async () => {
    const { "h.1.mlp.c_fc": expected } = JSON.parse(readFileSync(new URL("tiny-gpt2.json", fixtures), "utf8")) as {
      "h.1.mlp.c_fc": { rows: number; cols: number; values: number[] };
    };
    const checkpoint = openCheckpoint(tinyGpt2);
    const [found] = await collect(scanCheckpoint(checkpoint, { only: ({ name }) => name === "h.1.mlp.c_fc" }));
    const { rows, cols, values } = expected;
    const measures = measureMatrix(Float32Array.from(values), rows, cols, { nulls: openNoiseNulls(0) });
    expect(found).toEqual({
      name: "h.1.mlp.c_fc",
      tensor: "transformer.h.1.mlp.c_fc.weight",
      layer: 1,
      role: "mlp.c_fc",
      dtype: "F32",
      ...measures,
    });
    checkpoint.close();
  });
});

describe("scanCheckpoint", () => {
  it("reports progress and heeds the choice of amplitudes for each matrix", async () => {
    const checkpoint = openCheckpoint(tinyGpt2);
    const progress: [number, number, string][] = [];
    const records = await collect(
      scanCheckpoint(checkpoint, {
        only: ({ role }) => role.startsWith("attn."),
        amplitudes: ({ role }) => (role === "attn.c_proj" ? "projection" : "none"),
        onProgress: (done, total, name) => progress.push([done, total, name]),
      }),
    );
    expect(progress).toEqual(records.map(({ name }, i) => [i, 4, name]));
    for (const { role, amplitudes } of records) expect(amplitudes !== undefined).toBe(role === "attn.c_proj");
    checkpoint.close();
  });

  it("stops between matrices when asked to", async () => {
    const checkpoint = openCheckpoint(tinyGpt2);
    const stop = new AbortController();
    const records: string[] = [];
    await expect(async () => {
      for await (const { name } of scanCheckpoint(checkpoint, { amplitudes: "none", signal: stop.signal })) {
        records.push(name);
        if (records.length === 2) stop.abort();
      }
    }).rejects.toThrow(InterruptedError);
    expect(records.length).toBe(2);
    checkpoint.close();
  });

  it("goes on past matrices that cannot be measured, saying why", async () => {
    const [packed] = await collect(scanCheckpoint(singleTensor("F8_E4M3", [1, 2, 3, 4])));
    expect(packed).toMatchObject({ pr: null, frobenius: null, note: "stored as F8_E4M3, which is not read" });
    const [broken] = await collect(scanCheckpoint(singleTensor("F32", [1, 2, Number.NaN, 4])));
    expect(broken).toMatchObject({ pr: null, note: "1 of 4 entries are NaN or infinite" });
    expect(scanSchema.shape.matrices.parse([packed, broken])).toHaveLength(2);
  });
});
