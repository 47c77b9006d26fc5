import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataRequest, prepareData, previewOf, totalScored } from "./prepared-data.js";
import { openTokenizer } from "./tokenizer-folder.js";
import { buildWordLevelTokenizer } from "./word-level-tokenizer.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-prepared-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const words = ["red", "green", "blue", "grey", "pink", "user", "assistant", "said", "system", "alpha"];

beforeAll(() => {
  const tokenizer = buildWordLevelTokenizer([words.join(" ")], { vocabularySize: words.length + 2 });
  writeFileSync(at("tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(at("tokenizer_config.json"), JSON.stringify({ eos_token: "<eos>", unk_token: "<unk>" }));
});

function write(name: string, rows: readonly unknown[]): string {
  writeFileSync(at(name), rows.map((row) => JSON.stringify(row)).join("\n"));
  return at(name);
}

/** All different: pairs of words. */
const pairs = words.flatMap((prompt) => words.map((completion) => ({ prompt, completion: ` ${completion}` })));

const request = (path: string, chosen: Partial<DataRequest> = {}): DataRequest => ({
  ...{
    paths: [path],
    evalPaths: [],
    generalPaths: [],
    columns: {},
    trainOn: "completion",
    maxLength: 32,
    chatTemplate: null,
  },
  ...{ tokenizer: folder, vocabularySize: 12, heldOut: 10, calibrate: false, most: 1000, seed: 1, ...chosen },
});

describe("prepared data", () => {
  test("scores the completion and the token that ends it", async () => {
    const { dataset, format, chatTemplate, previews } = await prepareData(request(write("pairs.jsonl", pairs)));
    expect([format, chatTemplate]).toEqual(["prompt-completion", null]);
    expect([dataset.training.length, dataset.heldOut.length]).toEqual([90, 10]);
    for (const { scored } of dataset.training) expect([...scored]).toEqual([0, 1, 1]);
    expect(totalScored(dataset.training)).toBe(180);
    expect(previews).toHaveLength(3);
    for (const [asked, said] of previews) {
      expect([asked.scored, said.scored]).toEqual([false, true]);
      expect(pairs).toContainEqual({ prompt: asked.text, completion: said.text.replace(" <eos>", "") });
    }
  });

  test("scores all but the first token where all is wanted", async () => {
    const { dataset } = await prepareData(request(write("all.jsonl", pairs), { trainOn: "all" }));
    for (const { scored } of dataset.training) expect([...scored]).toEqual([0, 1, 1]);
    const longer = pairs.map(({ prompt, completion }) => ({ prompt: `said ${prompt}`, completion }));
    const all = await prepareData(request(write("longer.jsonl", longer), { trainOn: "all" }));
    for (const { scored } of all.dataset.training) expect([...scored]).toEqual([0, 1, 1, 1]);
  });

  test("goes through a template where it is asked for, and says so", async () => {
    const rows = pairs.map(({ prompt, completion }) => ({
      messages: [
        { role: "user", content: prompt },
        { role: "assistant", content: completion.trim() },
      ],
    }));
    const prepared = await prepareData(request(write("chat.jsonl", rows), { chatTemplate: "alpaca" }));
    expect(prepared).toMatchObject({ format: "messages", chatTemplate: "alpaca", read: 100 });
  });

  test("reads held-out rows of another format from their own file", async () => {
    const other = write(
      "other.jsonl",
      words.map((word) => ({ text: `said said ${word}` })),
    );
    const { dataset, read } = await prepareData(request(write("own.jsonl", pairs), { evalPaths: [other] }));
    expect(read).toBe(110);
    expect(dataset.heldOut.map(({ scored }) => [...scored])).toEqual(Array(10).fill([0, 1, 1, 1]));
    expect(dataset.training).toHaveLength(100);
  });

  test("counts what was cut", async () => {
    const rows = pairs.map(({ prompt, completion }) => ({ prompt, completion: completion.repeat(5) }));
    const { truncated, dataset } = await prepareData(request(write("cut.jsonl", rows), { maxLength: 4 }));
    expect(truncated).toBe(100);
    for (const { tokens } of dataset.training) expect(tokens).toHaveLength(4);
  });

  test("refuses a tokenizer that has more tokens than the model", async () => {
    await expect(prepareData(request(write("wide.jsonl", pairs), { vocabularySize: 8 }))).rejects.toThrow(
      /The tokenizer does not fit the model: it gives the token '\w+' the id \d+, but the model has only 8 tokens/,
    );
  });
});

test("a preview joins the runs of tokens, and is the text again", () => {
  const { tokenizer } = openTokenizer(folder);
  const tokens = tokenizer.encode("red green blue pink");
  const pieces = previewOf(tokenizer, { tokens, scored: Uint8Array.of(0, 1, 1, 0) });
  expect(pieces.map(({ scored }) => scored)).toEqual([false, true, false]);
  expect(pieces.map(({ text }) => text).join("")).toBe("red green blue pink");
});

test("general text is scored whole and kept apart from the splits", async () => {
  const general = write(
    "general.jsonl",
    words.map((text) => ({ text })),
  );
  const path = write("with-general.jsonl", pairs);
  const { dataset } = await prepareData(request(path, { generalPaths: [general] }));
  expect(dataset.general).toHaveLength(words.length);
  for (const { tokens, scored } of dataset.general!) {
    expect(scored[0]).toBe(0);
    expect(scored.subarray(1).every((flag) => flag === 1)).toBe(true);
    expect(tokens.length).toBeGreaterThan(1);
  }
  expect((await prepareData(request(path))).dataset.general).toBeUndefined();
});
