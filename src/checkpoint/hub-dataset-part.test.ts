import { describe, expect, it } from "vitest";
import { InputError } from "../foundation/errors.js";
import type { DatasetPart } from "./hub-dataset-id.js";
import { absentShard, choosePart } from "./hub-dataset-part.js";

const part = (split = "train", subset: string | null = null): DatasetPart => ({ kind: "split", subset, split });
const choose = (paths: readonly string[], wanted = part()) => choosePart(paths, wanted, "org/name");
const found = (...paths: string[]) => ({ kind: "found", paths });

// Layouts of repositories on the hub, by the names of their files.
const gsm8k = [
  "README.md",
  ...["main", "socratic"].flatMap((subset) => [
    `${subset}/train-00000-of-00001.parquet`,
    `${subset}/test-00000-of-00001.parquet`,
  ]),
];
const ultrachat = [
  "data/test_sft-00000-of-00001-f7dfac4afe5b93f4.parquet",
  "data/train_sft-00000-of-00002-a3ecf92756993583.parquet",
  "data/train_sft-00001-of-00002-0a1804bcb6ae68c6.parquet",
];

describe("choosePart", () => {
  it.each<[string, readonly string[], DatasetPart, readonly string[]]>([
    [
      "shards",
      ["data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet", "data/test-00000-of-00001.parquet"],
      part(),
      ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
    ],
    ["shards with digests", ultrachat, part("train_sft"), ultrachat.slice(1)],
    ["a file at the top", ["train.jsonl", "test.jsonl"], part("test"), ["test.jsonl"]],
    ["a subset", gsm8k, part("test", "socratic"), ["socratic/test-00000-of-00001.parquet"]],
    [
      "a nested subset by one of its folders",
      ["a/en/train.csv", "a/de/train.csv"],
      part("train", "de"),
      ["a/de/train.csv"],
    ],
    [
      "the default subset",
      ["default/train/0000.parquet", "other/train/0000.parquet"],
      part(),
      ["default/train/0000.parquet"],
    ],
    ["the top before folders", ["data/train.jsonl", "old/train.jsonl"], part(), ["data/train.jsonl"]],
    [
      "a folder named for the split",
      ["train/a.jsonl", "train/b.jsonl", "test/a.jsonl"],
      part(),
      ["train/a.jsonl", "train/b.jsonl"],
    ],
    ["a prefix", ["math_train.jsonl", "math_test.jsonl"], part("test"), ["math_test.jsonl"]],
    ["a prefix that is the subset", ["en_train.jsonl", "de_train.jsonl"], part("train", "de"), ["de_train.jsonl"]],
    ["numbered files", ["train_1.json", "train_2.json"], part(), ["train_1.json", "train_2.json"]],
    [
      "the hub's conversion",
      ["main/train_sft/0000.parquet", "main/train_sft/0001.parquet", "main/test/0000.parquet"],
      part("train_sft", "main"),
      ["main/train_sft/0000.parquet", "main/train_sft/0001.parquet"],
    ],
    [
      "files that say no split",
      ["alpaca_data_cleaned.json", "dataset_infos.json", ".hidden.json", ".cache/x.json"],
      part(),
      ["alpaca_data_cleaned.json"],
    ],
    ["one format of several", ["train.csv", "train.jsonl", "train.jsonl.gz"], part(), ["train.jsonl"]],
    ["upper case", ["Train.CSV"], part(), ["Train.CSV"]],
    ["a file by name", ["a/b.jsonl", "train.jsonl"], { kind: "file", path: "a/b.jsonl" }, ["a/b.jsonl"]],
  ])("finds %s", (_, paths, wanted, expected) => expect(choose(paths, wanted)).toEqual(found(...expected)));

  it("names the subsets where there are several", () => {
    expect(choose(gsm8k)).toEqual({ kind: "several", subsets: ["main", "socratic"] });
    expect(choose(["a/x/train.csv", "a/y/train.csv", "b/train.csv"], part("train", "a"))).toEqual({
      kind: "several",
      subsets: ["a/x", "a/y"],
    });
  });

  it("names what there is instead", () => {
    expect(choose(ultrachat)).toEqual({ kind: "absent", parts: ["default/test_sft", "default/train_sft"] });
    expect(choose(gsm8k, part("train", "hard"))).toMatchObject({ kind: "absent" });
    expect(choose(["train-v1.json", "train-v2.json"])).toEqual({
      kind: "absent",
      parts: ["default/train-v1", "default/train-v2"],
    });
    expect(choose(["name.py", "README.md", "data.zip"])).toEqual({ kind: "absent", parts: [] });
    expect(choose(["a.csv"], { kind: "file", path: "b.csv" })).toEqual({ kind: "absent", parts: ["a.csv"] });
  });

  it.each([
    "../train.jsonl",
    "/etc/train.jsonl",
    "a/../../train.jsonl",
    "a\\..\\train.jsonl",
    "C:/train.jsonl",
    "a//train.jsonl",
    "./train.jsonl",
    "a\0/train.jsonl",
  ])("refuses a listing with %j", (path) => {
    expect(() => choose(["train.jsonl", path])).toThrow(InputError);
    expect(() => choose(["train.jsonl", path])).toThrow(/leads out of the repository/);
  });
});

describe("absentShard", () => {
  it.each<[readonly string[], string | null]>([
    [["a/train-00000-of-00002.parquet", "a/train-00001-of-00002.parquet"], null],
    [["a/train-00001-of-00002.parquet"], "a/train-00000-of-00002.parquet"],
    [ultrachat.slice(1), null],
    [ultrachat.slice(2), "data/train_sft-00000-of-00002.parquet"],
    [["train.jsonl", "main/train/0001.parquet"], null],
    // A count is the text of a stranger.
    [["train-00000-of-999999999999.parquet"], "train-00001-of-999999999999.parquet"],
  ])("of %j is %j", (paths, expected) => expect(absentShard(paths)).toBe(expected));
});
