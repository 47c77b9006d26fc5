import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sampleBoundaryRecord } from "../../test/sample-boundary-record.js";
import { parseArm } from "../crystal/arm.js";
import { InputError } from "../foundation/errors.js";
import { attemptRecord } from "../records/attempt-record.js";
import { readRecordLines, writeRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import { type ActionParts, openAttempts, partFor, partsOfOthers, takePart } from "./boundary-parts.js";
import type { MatrixSet } from "./boundary-search.js";

const root = mkdtempSync(join(tmpdir(), "deadweight-parts-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
function newFolder(): RunFolder {
  const path = mkdtempSync(join(root, `${folders++}-`));
  const begun = {} as RunFolder["record"];
  return { path, record: begun, continued: true, file: (name) => join(path, name), release: () => {} };
}
const partsIn = (folder: RunFolder, action = "freeze", count = 3): ActionParts => ({
  ...{ path: openAttempts(folder, count), action, count },
});
const setOf = (names: string, arm = "frozen"): MatrixSet =>
  [...names].map((name) => ({ name: `layers.${name}.w`, arm: parseArm(arm) }));

describe("a held-out part", () => {
  test("is one set's for good: the same set has it again, another the next, until none is left", () => {
    const parts = partsIn(newFolder());
    for (const [part, names] of ["012", "01", "0"].entries()) {
      expect(partFor(setOf(names), parts)).toBe(part);
      takePart(setOf(names), part, parts);
    }
    expect(partFor(setOf("3"), parts)).toBeNull();
    // In whatever order it comes.
    expect(partFor(setOf("102"), parts)).toBe(0);
    expect(partFor(setOf("0"), parts)).toBe(2);
    // Treated otherwise it is another set.
    expect(partFor(setOf("0", "crystal:4"), parts)).toBeNull();
    expect(partsOfOthers([setOf("10"), setOf("7")], parts)).toEqual([0, 2]);
  });

  test("is not taken by asking for it, and goes on record once", () => {
    const parts = partsIn(newFolder());
    expect(partFor(setOf("1"), parts)).toBe(0);
    expect(existsSync(parts.path)).toBe(false);
    for (const set of ["12", "21"]) takePart(setOf(set), 0, parts);
    expect(readRecordLines(parts.path, attemptRecord)).toMatchObject([
      {
        schema: "deadweight/attempt@1",
        action: "freeze",
        part: 0,
        matrices: [{ name: "layers.1.w", arm: "frozen" }, {}],
      },
    ]);
  });

  test("serves one set of each action", () => {
    const folder = newFolder();
    takePart(setOf("1"), 0, partsIn(folder));
    expect(partFor(setOf("1"), partsIn(folder, "cheapest"))).toBe(0);
    expect(partsOfOthers([], partsIn(folder, "cheapest"))).toEqual([]);
    expect(partFor(setOf("2"), partsIn(folder))).toBe(1);
  });
});

describe("the attempts on record", () => {
  const recorded = (folder: RunFolder) => {
    const parts = partsIn(folder);
    takePart(setOf("12"), 0, parts);
    takePart(setOf("1"), 1, parts);
    return parts.path;
  };

  test.each([
    ["cut in its middle", '{"schema": "deadweight/attempt@1", "act', /is not JSON/],
    ["of another schema", '{"schema": "deadweight/trial@1"}', /schema: /],
    [
      "of a part that the folder does not have",
      '{"schema":"deadweight/attempt@1","version":"0","action":"freeze","part":3,"matrices":[]}',
      /part: Too big: expected number to be <=2/,
    ],
  ])("name a line that is %s", (_, line, reason) => {
    const folder = newFolder();
    const path = recorded(folder);
    appendFileSync(path, `${line}\n`);
    expect(() => openAttempts(folder, 3)).toThrow(InputError);
    expect(() => openAttempts(folder, 3)).toThrow(reason);
    expect(() => openAttempts(folder, 3)).toThrow(`${path}:3: `);
    expect(() => partFor(setOf("1"), { path, action: "random", count: 3 })).toThrow(`${path}:3: `);
  });

  test("lose a line that a killed process did not finish: its attempt had not begun", () => {
    const folder = newFolder();
    const path = recorded(folder);
    const before = readFileSync(path, "utf8");
    appendFileSync(path, '{"schema": "deadweight/attempt@1", "act');
    openAttempts(folder, 3);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});

describe("a folder of before attempts were recorded", () => {
  const withRecord = (change: Partial<ReturnType<typeof sampleBoundaryRecord>> = {}) => {
    const folder = newFolder();
    writeRecord(folder.file("boundary.json"), { ...sampleBoundaryRecord(), ...change });
    return folder;
  };
  const attemptsOf = (action: number) => sampleBoundaryRecord().actions[action].attempts;
  const setAgain = (action: number, attempt: number): MatrixSet =>
    attemptsOf(action)[attempt].matrices.map(({ name, arm }) => ({ name, arm: parseArm(arm) }));

  test("has the attempts of its boundary.json", () => {
    const folder = withRecord();
    const freeze = partsIn(folder);
    expect(partFor(setAgain(0, 0), freeze)).toBe(0);
    expect(partFor(setAgain(0, 1), freeze)).toBe(1);
    expect(partFor(setOf("1"), freeze)).toBe(2);
    expect(partFor(setOf("1"), partsIn(folder, "random"))).toBe(2);
    expect(partFor(setAgain(2, 1), partsIn(folder, "random"))).toBe(1);
    // They stay, though boundary.json comes to tell of another search.
    writeRecord(folder.file("boundary.json"), { ...sampleBoundaryRecord(), actions: [] });
    expect(partsOfOthers([], partsIn(folder))).toEqual([0, 1]);
  });

  test("has not used the part of an attempt that its budget ended before a seed", () => {
    const [action] = sampleBoundaryRecord().actions;
    const unbegun = { ...action.attempts[0], result: "budget" as const, seeds: [], deltas: [], mean: null };
    const folder = withRecord({ actions: [{ ...action, attempts: [unbegun], confirmed: null, savings: null }] });
    expect(partFor(setOf("1"), partsIn(folder))).toBe(0);
  });

  test("has none where it holds no boundary.json, and is refused where that cannot be read", () => {
    expect(partsOfOthers([], partsIn(newFolder()))).toEqual([]);
    const folder = newFolder();
    writeFileSync(folder.file("boundary.json"), "{");
    expect(() => openAttempts(folder, 3)).toThrow(/boundary\.json: is not JSON/);
    expect(existsSync(folder.file("attempts.jsonl"))).toBe(false);
  });
});
