import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { float32Tensor, memoryCheckpoint } from "../../test/memory-checkpoint.js";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { listMatrices } from "../checkpoint/weight-names.js";
import { InterruptedError, WorkerError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { type MatrixScanRecord, scanRecord as scanSchema } from "../records/scan-record.js";
import { measureMatrix } from "./matrix-measures.js";
import type { Measurer } from "./measure-request.js";
import { openMeasurer } from "./measurer.js";
import { openNoiseNulls } from "./noise-null.js";
import { scanCheckpoint } from "./scan.js";
import { scanRecord } from "./scan-record.js";

const fixtures = new URL("../../test/fixtures/checkpoint/", import.meta.url);
const tinyGpt2 = fileURLToPath(new URL("tiny-gpt2", fixtures));

async function collect(records: AsyncIterable<MatrixScanRecord>): Promise<MatrixScanRecord[]> {
  const collected: MatrixScanRecord[] = [];
  for await (const record of records) collected.push(record);
  return collected;
}

describe("scanRecord", () => {
  it("covers every matrix in order and fits the record's schema, also through JSON", async () => {
    const checkpoint = openCheckpoint(tinyGpt2);
    const record = await scanRecord(checkpoint, { seed: 4 });
    expect(record.matrices.map(({ name }) => name).sort()).toEqual(
      listMatrices(checkpoint, { parts: true })
        .map(({ name }) => name)
        .sort(),
    );
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
    const measures = measureMatrix(Float32Array.from(values), rows, cols, {
      nulls: openNoiseNulls(0),
      amplitudes: "none",
    });
    expect(found).toMatchObject({
      ...{ name: "h.1.mlp.c_fc", tensor: "transformer.h.1.mlp.c_fc.weight", layer: 1, role: "mlp.c_fc", dtype: "F32" },
      ...{ rows, cols, expert: null },
    });
    for (const key of ["pr", "pc1", "effectiveRank", "kurtosis", "noiseScale"] as const) {
      expect(Math.abs(found[key]! / measures[key]! - 1)).toBeLessThan(1e-9);
    }
    checkpoint.close();
  });
});

describe("scanCheckpoint", () => {
  it("reports progress and fits amplitudes where wanted", async () => {
    const checkpoint = openCheckpoint(tinyGpt2);
    const progress: number[] = [];
    const records = await collect(
      scanCheckpoint(checkpoint, {
        only: ({ role }) => role.startsWith("attn."),
        parts: false,
        amplitudes: "projection",
        onProgress: ({ doneMatrices, matrices }) => progress.push(doneMatrices / matrices),
      }),
    );
    expect(progress).toEqual([0.25, 0.5, 0.75, 1]);
    expect(records).toHaveLength(4);
    for (const { amplitudes } of records) expect(amplitudes).toHaveLength(1);
    checkpoint.close();
  });

  it("stops between matrices when asked to", async () => {
    const checkpoint = openCheckpoint(tinyGpt2);
    const stop = new AbortController();
    const records: string[] = [];
    await expect(async () => {
      for await (const { name } of scanCheckpoint(checkpoint, { signal: stop.signal })) {
        records.push(name);
        if (records.length === 2) stop.abort();
      }
    }).rejects.toThrow(InterruptedError);
    expect(records.length).toBeGreaterThanOrEqual(2);
    expect(records.length).toBeLessThan(listMatrices(checkpoint, { parts: true }).length);
    checkpoint.close();
  });

  it("goes on past matrices that cannot be measured, saying why", async () => {
    const checkpoint = memoryCheckpoint({
      "packed.weight": { dtype: "F4", shape: [2, 2] },
      "broken.weight": float32Tensor([2, 2], [1, 2, Number.NaN, 4]),
      "whole.weight": float32Tensor([2, 2], [1, 2, 3, 4]),
    });
    const { matrices, skipped } = await scanRecord(checkpoint);
    expect(matrices.map(({ name, pr, note }) => [name, pr === null, note])).toEqual([
      ["broken", true, "1 of 4 entries are NaN or infinite"],
      ["whole", false, undefined],
    ]);
    expect(skipped).toEqual([
      { tensor: "packed.weight", dtype: "F4", shape: [2, 2], reason: "stored as F4, which is not read" },
    ]);
  });

  // Two pieces.
  const tallRows = 2_200_000;
  const tall = () => {
    const values = new Float32Array(tallRows * 2);
    for (let i = 0; i < values.length; i++)
      values[i] = Math.fround((((i * 7919) % 1009) / 1009 - 0.5) * (i % 2 ? 3 : 1));
    const bytes = new Uint8Array(values.buffer);
    return { values, checkpoint: memoryCheckpoint({ "tall.weight": { dtype: "F32", shape: [tallRows, 2], bytes } }) };
  };

  it("gives the same numbers in shares, whoever measures", async () => {
    const { values, checkpoint } = tall();
    const kinds: string[] = [];
    const counted: Measurer = (request) => {
      kinds.push(request.kind);
      return openMeasurer()(request);
    };
    const [shared] = await collect(scanCheckpoint(checkpoint, { measurers: [counted, counted] }));
    expect(kinds).toEqual(["share", "share", "sum"]);
    const direct = measureMatrix(values, tallRows, 2, { nulls: openNoiseNulls(0), amplitudes: "none" });
    for (const key of ["pr", "effectiveRank", "spectralNorm", "kurtosis", "entryStd"] as const) {
      expect(Math.abs(shared[key]! / direct[key]! - 1)).toBeLessThan(1e-10);
    }
  });

  it("passes on what went wrong in a share, also when it is met before its turn", async () => {
    const { checkpoint } = tall();
    const slow: Measurer = async (request) => {
      await setTimeout(50);
      return openMeasurer()(request);
    };
    const failing: Measurer = () => Promise.reject(new WorkerError("the second share failed"));
    await expect(collect(scanCheckpoint(checkpoint, { measurers: [slow, failing] }))).rejects.toThrow(
      "the second share failed",
    );
  });

  it("after an interrupt still yields what is finished behind a gap", async () => {
    const square = (name: string) => [`layers.${name}.weight`, float32Tensor([2, 2], [1, 2, 3, 4])] as const;
    const checkpoint = memoryCheckpoint(Object.fromEntries(["3", "2", "1", "0"].map(square)));
    const stop = new AbortController();
    let asked = 0;
    const measurer: Measurer = async (request) => {
      const place = asked++;
      // In the order of the file, the first row of the table comes last and is not begun.
      if (place === 2) stop.abort();
      return openMeasurer()(request);
    };
    const names: string[] = [];
    await expect(async () => {
      for await (const { name } of scanCheckpoint(checkpoint, {
        measurers: [measurer, measurer],
        signal: stop.signal,
      })) {
        names.push(name);
      }
    }).rejects.toThrow(/stopped after 3 of 4/);
    expect(names).toEqual(["layers.1", "layers.2", "layers.3"]);
  });

  it("measures what has changed since a base", async () => {
    const before = new Float32Array(40 * 30);
    randomStream(5, "base").fillNormal(before, 1);
    // Rank one: u v', of norm 3.
    const after = before.map(
      (value, i) => value + 3 * Math.SQRT1_2 * (Math.floor(i / 30) < 2 ? 1 : 0) * (i % 30 === 7 ? 1 : 0),
    );
    const base = memoryCheckpoint({ "x.weight": float32Tensor([40, 30], [...before]) });
    const tuned = memoryCheckpoint({
      "x.weight": float32Tensor([40, 30], [...after]),
      "y.weight": float32Tensor([2, 2], [1, 2, 3, 4]),
    });
    const [x, y] = await collect(scanCheckpoint(tuned, { base }));
    expect(x.change!.pr).toBeCloseTo(1, 6);
    expect(x.change!.frobenius).toBeCloseTo(3, 5);
    expect(x.change!.relativeChange).toBeCloseTo(
      3 / Math.sqrt(before.reduce((sum, value) => sum + value * value, 0)),
      7,
    );
    expect(y.change).toBeNull();
  });
});
