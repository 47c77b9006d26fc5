import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { encodeSftDataset, readSftDataset } from "./sft-dataset.js";
import { encodeSftExample } from "./sft-example.js";
import { loadTokenizer } from "./tokenizer.js";
import { buildWordLevelTokenizer, countWords } from "./word-level-tokenizer.js";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/tokenizer/${name}`, import.meta.url), "utf8"));
const ids = fixture("ids.json") as { build: string[]; vocabularySize: number; encode: string[]; ids: number[][] };
const built = buildWordLevelTokenizer(ids.build, ids);
const tokenizer = loadTokenizer(built);

describe("a word-level tokenizer", () => {
  test("is built as it was for the fixture, and gives the ids that Python gives", () => {
    expect(built).toEqual(fixture("tokenizer.json"));
    expect(ids.encode.length).toBe(ids.ids.length);
    ids.encode.forEach((text, index) => {
      expect([...tokenizer.encode(text)], text).toEqual(ids.ids[index]);
    });
  });

  test("keeps the most frequent words, ties in alphabetical order, after the special tokens", () => {
    const { model } = buildWordLevelTokenizer(["b b c A a d"], { vocabularySize: 5 }) as {
      model: { vocab: Record<string, number> };
    };
    expect(model.vocab).toEqual({ "<unk>": 0, "<eos>": 1, a: 2, b: 3, c: 4 });
    expect(countWords(["It's it."])).toEqual(
      new Map([
        ["it", 2],
        ["'", 1],
        ["s", 1],
        [".", 1],
      ]),
    );
  });

  test("encodes a long text as its lines", () => {
    const line = "the cat, the dog\n";
    expect([...tokenizer.encode(line.repeat(2000))]).toEqual(
      Array.from({ length: 2000 }, () => [...tokenizer.encode(line)]).flat(),
    );
  });

  test("needs enough words, and a file of the right kind", () => {
    expect(() => buildWordLevelTokenizer(["few words"], { vocabularySize: 100 })).toThrow(InputError);
    expect(() => loadTokenizer({ model: {} })).toThrow(/tokenizer\.json: model\.vocab/);
    expect(() => loadTokenizer(null)).toThrow(InputError);
  });
});

describe("a fine-tuning example", () => {
  test("scores the completion and the end alone", () => {
    const { example, truncated } = encodeSftExample(tokenizer, { prompt: "the cat", completion: "the dog" }, 10);
    expect([...example.scored]).toEqual([0, 0, 1, 1, 1]);
    expect(example.tokens.at(-1)).toBe(tokenizer.endOfTextId);
    expect(truncated).toBe(false);
  });

  test("is cut off at the end, and never scores its first token", () => {
    const cut = encodeSftExample(tokenizer, { prompt: "the cat", completion: "the dog" }, 3);
    expect([[...cut.example.scored], cut.truncated]).toEqual([[0, 0, 1], true]);
    expect([...encodeSftExample(tokenizer, { prompt: "", completion: "the dog" }, 9).example.scored]).toEqual([
      0, 1, 1,
    ]);
  });

  test("survives its file; another file is refused", () => {
    const { example } = encodeSftExample(tokenizer, { prompt: "the cat", completion: "the dog" }, 10);
    const dataset = { training: [example], heldOut: [], calibrationTraining: [], calibrationHeldOut: [example] };
    const path = new URL(`../../test/fixtures/tokenizer/ids.json`, import.meta.url).pathname;
    expect(() => readSftDataset(path)).toThrow(/is not a file of encoded fine-tuning examples/);
    expect(() => readSftDataset(`${path}.absent`)).toThrow(InputError);
    expect(JSON.parse(encodeSftDataset(dataset)).training[0]).toEqual({ tokens: [...example.tokens], scored: "00111" });
  });
});
