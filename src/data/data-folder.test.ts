/** @file Which files of a folder are taken. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { filesOfFolder } from "./data-folder.js";

/** @param names of empty files, at most one folder deep. @returns the folder. */
function folderOf(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "folder-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "");
  }
  return folder;
}

test.each([
  [
    ["b.jsonl", "a.jsonl.gz", "README.md"],
    ["a.jsonl.gz", "b.jsonl"],
  ],
  [["train.jsonl", "test.jsonl", "dataset_infos.json"], ["train.jsonl"]],
  [["gsm8k_train.csv", "training_args.json"], ["gsm8k_train.csv"]],
  [["test.csv"], ["test.csv"]],
  [
    ["README.md", "data/train-00001-of-2.parquet", "data/train-00000-of-2.parquet", "data/test-0.parquet"],
    ["train-00000-of-2.parquet", "train-00001-of-2.parquet"],
  ],
])("of %j are taken %j", (names, taken) => {
  expect(filesOfFolder(folderOf(names)).map((path) => basename(path))).toEqual(taken);
});

test.each([
  [[], "the folder holds no data file (it is empty). Accepted are .jsonl"],
  [["notes.txt", "sub/a.csv"], "the folder holds no data file (it holds 'notes.txt', 'sub/')."],
  [["a.csv", "b.jsonl"], "it is not clear which of 'a.csv', 'b.jsonl' to train on. Name the file."],
  [["train.csv", "train.jsonl"], "it is not clear which of 'train.csv', 'train.jsonl' to train on."],
  [["a.csv", "test.csv"], "it is not clear which of 'a.csv', 'test.csv' to train on."],
])("%j is refused", (names, message) => {
  expect(() => filesOfFolder(folderOf(names))).toThrow(message);
});

test("a folder that cannot be listed is refused", () => {
  expect(() => filesOfFolder(join(tmpdir(), "no-such-folder"))).toThrow("cannot be listed");
});
