import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import { isHubDatasetId, parseHubDatasetId } from "./hub-dataset-id.js";

describe("isHubDatasetId", () => {
  it.each([
    ["org/name", true],
    ["org/name@refs/pr/1", true],
    ["org/name:main", true],
    ["org/name@v1.0:main/test", true],
    ["org/name:data/train.jsonl", true],
    ["name", false],
    ["name:main", false],
    ["data/train.jsonl", false],
    ["data/train.csv.gz", false],
    ["data/train.parquet", false],
    ["org/name/train", false],
    ["./org/name", false],
    ["C:/data/train.jsonl", false],
    ["test/fixtures", false],
  ])("of %s is %s", (source, expected) => expect(isHubDatasetId(source)).toBe(expected));
});

describe("parseHubDatasetId", () => {
  const main = { name: "org/name", revision: "main" };
  it.each([
    ["org/name", main, { kind: "split", subset: null, split: "train" }],
    ["org/name:main", main, { kind: "split", subset: "main", split: "train" }],
    ["org/name:main/test", main, { kind: "split", subset: "main", split: "test" }],
    ["org/name:en/news/test", main, { kind: "split", subset: "en/news", split: "test" }],
    ["org/name:/test", main, { kind: "split", subset: null, split: "test" }],
    [
      "org/name@refs/pr/1:main/test",
      { ...main, revision: "refs/pr/1" },
      { kind: "split", subset: "main", split: "test" },
    ],
    ["org/name:a/b.jsonl.gz", main, { kind: "file", path: "a/b.jsonl.gz" }],
  ])("reads %s", (source, id, part) => expect(parseHubDatasetId(source)).toEqual({ id, part }));

  it.each([
    ["org/name:", /names no part of a data set/],
    ["org/name:main/", /names no part of a data set/],
    ["org/name:../../evil.jsonl", /leads out of the repository/],
    ["org/name:/etc/evil.jsonl", /leads out of the repository/],
    ["org/name:a\\..\\evil.jsonl", /leads out of the repository/],
    ["org/name@../evil:main", /is no revision/],
  ])("refuses %s", (source, message) => {
    expect(() => parseHubDatasetId(source)).toThrow(InputError);
    expect(() => parseHubDatasetId(source)).toThrow(message);
  });
});
