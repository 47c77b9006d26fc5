import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { InputError, OutputError } from "../foundation/errors.js";
import { openRunFolder } from "./run-folder.js";
import type { RunRecord } from "./run-record.js";

const base = mkdtempSync(join(tmpdir(), "deadweight-run-"));
afterAll(() => rmSync(base, { recursive: true }));

const record = (steps: number, startedAt = "2026-01-01T00:00:00Z"): RunRecord => ({
  schema: "deadweight/run@1",
  version: "0",
  command: "paper",
  configuration: { steps, nested: { a: [1, 2] } },
  inputs: { corpus: "abc" },
  machine: { platform: "linux", arch: "x64", cpu: "cpu", logicalCores: 2, memoryBytes: 1, node: "v20" },
  startedAt,
});

describe("a run folder", () => {
  test("is begun once and continued by the same configuration", () => {
    const path = join(base, "deep", "run");
    const first = openRunFolder(path, record(50));
    expect(first.continued).toBe(false);
    first.release();
    const second = openRunFolder(path, record(50, "2027-01-01T00:00:00Z"));
    expect(second.continued).toBe(true);
    expect(second.record.startedAt).toBe("2026-01-01T00:00:00Z");
    second.release();
  });

  test("refuses another configuration, other inputs and another command by name, and stays as it was", () => {
    const path = join(base, "other");
    openRunFolder(path, record(50)).release();
    const before = readFileSync(join(path, "run.json"), "utf8");
    expect(() => openRunFolder(path, record(51))).toThrow(InputError);
    expect(() => openRunFolder(path, record(51))).toThrow(/steps \(50 there, 51 asked for\)/);
    expect(() => openRunFolder(path, { ...record(50), command: "test" })).toThrow(
      /command \("paper" there, "test" asked for\)/,
    );
    expect(() => openRunFolder(path, { ...record(50), inputs: { corpus: "other" } })).toThrow(/corpus/);
    expect(readFileSync(join(path, "run.json"), "utf8")).toBe(before);
    openRunFolder(path, record(50)).release();
  });

  test("of before there was a choice of precision counts as one in fp32", () => {
    const path = join(base, "precision");
    const inPrecision = (precision: string) => {
      const asked = record(50);
      return { ...asked, configuration: { ...asked.configuration, precision } };
    };
    openRunFolder(path, record(50)).release();
    const continued = openRunFolder(path, inPrecision("fp32"));
    expect(continued.continued).toBe(true);
    // What a fine-tuning's saved state is known by must not change.
    expect(continued.record).toEqual(record(50));
    continued.release();
    expect(() => openRunFolder(path, inPrecision("bf16"))).toThrow(/precision \("fp32" there, "bf16" asked for\)/);
    const other = join(base, "bf16");
    openRunFolder(other, inPrecision("bf16")).release();
    expect(() => openRunFolder(other, inPrecision("fp32"))).toThrow(/precision \("bf16" there, "fp32" asked for\)/);
  });

  test("is continued by another backend", () => {
    const path = join(base, "backend");
    openRunFolder(path, { ...record(50), backend: "native kernels (avx2, cc 12.2.0), fp32" }).release();
    const continued = openRunFolder(path, { ...record(50), backend: "onnxruntime 1.30.0 on cpu, fp32" });
    expect(continued.record.backend).toBe("native kernels (avx2, cc 12.2.0), fp32");
    continued.release();
  });

  test("is used by one process at a time; a dead one's lock is taken over", () => {
    const path = join(base, "locked");
    openRunFolder(path, record(50)).release();
    writeFileSync(join(path, "run.lock"), String(process.ppid));
    expect(() => openRunFolder(path, record(50))).toThrow(OutputError);
    expect(() => openRunFolder(path, record(50))).toThrow(new RegExp(`process ${process.ppid} is working`));
    // Larger than any process id.
    writeFileSync(join(path, "run.lock"), "99999999");
    openRunFolder(path, record(50)).release();
    // A disk that was full when the lock was taken leaves it empty.
    writeFileSync(join(path, "run.lock"), "");
    writeFileSync(join(path, "paper.json.123.tmp"), "half");
    openRunFolder(path, record(50)).release();
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  test("needs a place that can be written to", () => {
    const file = join(base, "file");
    writeFileSync(file, "");
    expect(() => openRunFolder(file, record(50))).toThrow(OutputError);
    expect(() => openRunFolder(join(file, "below"), record(50))).toThrow(OutputError);
    // A parent that is there and takes no folder.
    if (existsSync("/proc/self")) expect(() => openRunFolder("/proc/no/folder", record(50))).toThrow(OutputError);
  });

  test("with a damaged run.json is refused", () => {
    const path = join(base, "damaged");
    openRunFolder(path, record(50)).release();
    writeFileSync(join(path, "run.json"), "{");
    expect(() => openRunFolder(path, record(50))).toThrow(/run\.json: is not JSON/);
  });
});
