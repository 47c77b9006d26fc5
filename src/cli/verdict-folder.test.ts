import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import { encodeSftDataset } from "../data/sft-dataset.js";
import { writeRecord } from "../records/record-file.js";
import type { RunRecord, TestDesign } from "../records/run-record.js";
import { heldOutTokensOf, plannedLooks, runOf } from "./verdict-folder.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-verdict-"));
afterAll(() => rmSync(folder, { recursive: true }));

function begun(design?: TestDesign): RunRecord | null {
  writeRecord(join(folder, "run.json"), {
    ...{ schema: "deadweight/run@1", version: "0", command: "test", configuration: {}, inputs: {} },
    machine: { platform: "linux", arch: "x64", cpu: "cpu", logicalCores: 2, memoryBytes: 1, node: "v20" },
    ...{ startedAt: "2026-01-01T00:00:00Z", ...(design && { design }) },
  });
  return runOf(folder);
}

describe("the looks of a run", () => {
  const auto: TestDesign = {
    ...{ seeds: "auto", firstLook: 3, lastLook: 7, margin: 0.5, confidence: 0.95, targets: ["m"], arms: ["frozen"] },
  };

  test("are those it was begun with, before it was ever judged", () => {
    expect(runOf(folder)).toBeNull();
    expect(plannedLooks(folder, null)).toBeUndefined();
    expect(plannedLooks(folder, begun(auto))).toEqual({ first: 3, last: 7 });
    expect(plannedLooks(folder, begun({ seeds: "fixed" }))).toBeUndefined();
  });

  test("stand in the verdicts of an older one", () => {
    writeRecord(join(folder, "verdicts.json"), sampleTestRecord().verdicts);
    expect(plannedLooks(folder, begun())).toEqual({ first: 3, last: 12 });
    expect(plannedLooks(folder, begun(auto))).toEqual({ first: 3, last: 7 });
  });
});

test("the scored tokens of the held-out examples are those of the encoded data", () => {
  expect(heldOutTokensOf(folder)).toBeUndefined();
  const example = (scored: readonly number[]) => ({
    ...{ tokens: new Int32Array(scored.length), scored: Uint8Array.from(scored) },
  });
  const none = { calibrationTraining: [], calibrationHeldOut: [] };
  const heldOut = [example([0, 1, 1]), example([0, 0, 1]), example([0, 1, 1, 1])];
  writeFileSync(join(folder, "sft-data.json"), encodeSftDataset({ training: [example([0, 1])], heldOut, ...none }));
  expect(heldOutTokensOf(folder)).toEqual([2, 1, 3]);
});
