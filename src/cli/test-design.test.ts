import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import { InputError } from "../foundation/errors.js";
import { writeRecord } from "../records/record-file.js";
import { openRunFolder, type RunFolder } from "../records/run-folder.js";
import type { TestDesign } from "../records/run-record.js";
import { type RawTestOptions, testArguments } from "./test-arguments.js";
import { demandDesign, designOf } from "./test-design.js";
import type { TestedModel } from "./tested-model.js";

const base = mkdtempSync(join(tmpdir(), "deadweight-design-"));
afterAll(() => rmSync(base, { recursive: true }));

type Looked = Extract<TestDesign, { seeds: "auto" }>;
const looked: Looked = {
  ...{ seeds: "auto", firstLook: 3, lastLook: 20, margin: 0.5, confidence: 0.95 },
  ...{ targets: ["h.0.x", "h.1.x", "h.2.x"], arms: ["frozen", "random"] },
};

/** As it is when the command is given once more. */
function continued(name: string, design?: TestDesign): RunFolder {
  const record = {
    ...{ schema: "deadweight/run@1" as const, version: "0", command: "test", configuration: {}, inputs: {} },
    machine: { platform: "linux", arch: "x64", cpu: "cpu", logicalCores: 2, memoryBytes: 1, node: "v20" },
    ...{ startedAt: "2026-01-01T00:00:00Z", ...(design && { design }) },
  };
  const path = join(base, name);
  openRunFolder(path, record).release();
  const folder = openRunFolder(path, { ...record, design: { seeds: "fixed" } });
  folder.release();
  return folder;
}

describe("a test whose seeds were looked at one after the other", () => {
  const folder = continued("looked", looked);

  test("goes on with the design it was begun with", () => {
    expect(folder.continued).toBe(true);
    demandDesign(folder, looked);
    demandDesign(folder, { ...looked, targets: [...looked.targets].reverse(), arms: ["random", "frozen"] });
  });

  test.each<[string, Partial<Looked>, RegExp]>([
    ["more seeds at most", { lastLook: 30 }, /--max-seeds \(20 there, 30 asked for\)/],
    ["fewer", { lastLook: 5 }, /--max-seeds \(20 there, 5 asked for\)/],
    ["another first look", { firstLook: 4 }, /the first look \(3 there, 4 asked for\)/],
    ["another margin", { margin: 1 }, /--margin \(0\.5 there, 1 asked for\).*judge its trials again by `deadweight/],
    ["another confidence", { confidence: 0.9 }, /--confidence \(0\.95 there, 0\.9 asked for\)/],
    ["fewer hypotheses", { targets: ["h.1.x"] }, /--matrix \(h\.0\.x and 1 more there only\)/],
    ["more", { targets: [...looked.targets, "h.3.x"] }, /--matrix \(h\.3\.x asked for only\)/],
    ["other arms", { arms: ["frozen", "zero"] }, /--arms \(random there only, zero asked for only\)/],
    ["several at once", { lastLook: 9, margin: 2 }, /--max-seeds \(20 there, 9 asked for\), --margin \(0\.5 there/],
  ])("is refused %s, in one sentence", (_what, change, message) => {
    const refused = () => demandDesign(folder, { ...looked, ...change });
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(message);
    // No full stop but the last.
    expect(refused).toThrow(/looked: holds (?!.*\. ).*; ask for what is there, .*or choose another --out\.$/);
  });

  test("does not become one of fixed seeds, nor the other way round", () => {
    expect(() => demandDesign(folder, { seeds: "fixed" })).toThrow(/--seeds \(auto there, a fixed number asked for\)/);
    expect(() => demandDesign(continued("fixed", { seeds: "fixed" }), looked)).toThrow(
      /--seeds \(a fixed number there, auto asked for\)/,
    );
  });
});

test("a test of fixed seeds is continued by more of anything", () => {
  demandDesign(continued("more", { seeds: "fixed" }), { seeds: "fixed" });
});

describe("a folder of before designs were recorded", () => {
  const sample = sampleTestRecord();
  const own: Looked = {
    ...{ seeds: "auto", firstLook: 3, lastLook: 12, margin: 0.5, confidence: 0.95 },
    targets: sample.targets.map(({ name }) => name),
    arms: ["frozen", "crystal", "random"],
  };
  let [finished, fixed]: RunFolder[] = [];
  beforeAll(() => {
    finished = continued("finished");
    writeRecord(finished.file("test.json"), sample);
    fixed = continued("older");
    writeRecord(fixed.file("test.json"), olderTestRecord());
  });

  test("is held to that of its finished test", () => {
    demandDesign(finished, own);
    expect(() => demandDesign(finished, { ...own, lastLook: 20 })).toThrow(/--max-seeds \(12 there, 20 asked for\)/);
    demandDesign(fixed, { seeds: "fixed" });
    expect(() => demandDesign(fixed, own)).toThrow(/a fixed number there, auto asked for/);
  });

  test("is continued as it is where none was finished, and left as it was", () => {
    const folder = continued("unknown");
    const before = readFileSync(folder.file("run.json"), "utf8");
    demandDesign(folder, looked);
    demandDesign(folder, { seeds: "fixed" });
    expect(readFileSync(folder.file("run.json"), "utf8")).toBe(before);
  });
});

test("the design of a command: what is looked at and tested, nothing of fixed seeds", () => {
  const [first, second] = sampleTestRecord().targets[12].matrices;
  const tested = { targets: [[first], [first, second]] } as unknown as TestedModel;
  const raw: RawTestOptions = {
    ...{ data: ["d"], trainOn: "completion", heldOut: "9", maxExamples: "9", batchTokens: "9", lr: "auto", seed: "1" },
    ...{ arms: "random,full,crystal:1", seeds: "auto", steps: "5", margin: "2", confidence: "0.9" },
    ...{ device: "cpu", backend: "auto", precision: "fp32" },
  };
  const given = (options: Partial<RawTestOptions>) => testArguments({ ...raw, ...options });
  expect(designOf(tested, given({ maxSeeds: "7" }))).toEqual({
    ...{ seeds: "auto", firstLook: 3, lastLook: 7, margin: 2, confidence: 0.9 },
    ...{ targets: [first.name, `${first.name}+${second.name}`], arms: ["random", "crystal"] },
  });
  expect(designOf(tested, given({ seeds: "7" }))).toEqual({ seeds: "fixed" });
});
