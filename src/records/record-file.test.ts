import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { InputError, OutputError } from "../foundation/errors.js";
import { appendRecord, cutUnfinishedLine, readRecord, readRecordLines, writeRecord } from "./record-file.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-records-"));
const schema = z.object({ name: z.string(), value: z.number() });
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

describe("a record in a file", () => {
  test("comes back as it was written, and leaves no temporary file", () => {
    const record = { name: "é", value: 0.1 + 0.2 };
    writeRecord(at("whole.json"), record);
    expect(readRecord(at("whole.json"), schema)).toEqual(record);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is replaced whole or not at all", () => {
    writeRecord(at("kept.json"), { name: "old", value: 1 });
    // A folder cannot be renamed over.
    expect(() => writeRecord(folder, { name: "new", value: 2 })).toThrow(OutputError);
    expect(() => writeRecord(join(at("kept.json"), "below.json"), {})).toThrow(OutputError);
    expect(readRecord(at("kept.json"), schema).name).toBe("old");
  });

  test.each([
    ["absent", null, /cannot be read/],
    ["cut short", '{"name": "a", "va', /is not JSON/],
    ["of another kind", '{"name": 3, "value": 1}', /name: .*string/],
    ["not an object", "17", /the record/],
  ])("that is %s is an input error that names the file", (name, content, message) => {
    const path = at(`${name}.json`);
    if (content !== null) writeFileSync(path, content);
    expect(() => readRecord(path, schema)).toThrow(InputError);
    expect(() => readRecord(path, schema)).toThrow(message);
    expect(() => readRecord(path, schema)).toThrow(path);
  });
});

describe("records, one a line", () => {
  test("are none where there is no file", () => {
    expect(readRecordLines(at("none.jsonl"), schema)).toEqual([]);
  });

  test("survive a line that a killed process left unfinished", () => {
    const path = at("killed.jsonl");
    for (const value of [1, 2]) appendRecord(path, { name: "n", value });
    appendFileSync(path, '{"name": "n", "val');
    expect(readRecordLines(path, schema).map(({ value }) => value)).toEqual([1, 2]);
    cutUnfinishedLine(path);
    appendRecord(path, { name: "n", value: 3 });
    expect(readRecordLines(path, schema).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  test("name the line that was edited by hand", () => {
    const path = at("edited.jsonl");
    appendRecord(path, { name: "n", value: 1 });
    appendRecord(path, { name: "n", value: "two" });
    expect(() => readRecordLines(path, schema)).toThrow(`${path}:2`);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(3);
  });

  test("cannot be appended where there is no folder", () => {
    expect(() => appendRecord(join(at("kept.json"), "x.jsonl"), {})).toThrow(OutputError);
    expect(existsSync(at("kept.json"))).toBe(true);
  });
});
