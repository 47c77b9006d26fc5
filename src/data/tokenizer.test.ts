import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { encodeSftDataset, readHeldOutTokens, readSftDataset } from "./sft-dataset.js";
import { encodeSftExample } from "./sft-example.js";
import { loadTokenizer } from "./tokenizer.js";
import { buildWordLevelTokenizer, countWords } from "./word-level-tokenizer.js";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../test/fixtures/tokenizer/${name}`, import.meta.url), "utf8"));
// Written by make_tokenizer.py: Python's tokenizers and transformers.
const ids = fixture("ids.json") as {
  build: string[];
  vocabularySize: number;
  encode: string[];
  ids: number[][];
  decoded: string[];
  byteLevelIds: number[][];
  byteLevelDecoded: string[];
};
const built = buildWordLevelTokenizer(ids.build, ids);
const tokenizer = loadTokenizer(built);

describe("a word-level tokenizer", () => {
  test("is the one that Python builds from the same texts, and gives the same ids and texts", () => {
    expect(built).toEqual(fixture("tokenizer.json"));
    expect(ids.encode.map((text) => [...tokenizer.encode(text)])).toEqual(ids.ids);
    expect(ids.ids.map((list) => tokenizer.decode(list))).toEqual(ids.decoded);
    expect([tokenizer.vocabularySize, tokenizer.unknownId, tokenizer.endOfTextId]).toEqual([24, 0, 1]);
  });

  test("reads back what it wrote, special tokens included", () => {
    const known = fc.array(fc.integer({ min: 0, max: tokenizer.vocabularySize - 1 }), { maxLength: 30 });
    fc.assert(
      fc.property(known, (list) => {
        expect([...tokenizer.encode(tokenizer.decode(list))]).toEqual(list);
      }),
    );
  });

  test("counts the words that it will meet when it encodes", () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" })));
    fc.assert(
      fc.property(texts, (list) => {
        const counts = countWords(list);
        const whole = loadTokenizer(buildWordLevelTokenizer(list, { vocabularySize: counts.size + 2 }));
        for (const text of list) expect([...whole.encode(text)]).not.toContain(whole.unknownId);
      }),
      { numRuns: 50, examples: [[["__proto__ constructor toString"]]] },
    );
  });

  test("has the words that are required of it, however rare", () => {
    const vocabulary = (options: { vocabularySize: number; required: string[] }) =>
      Object.keys(
        (buildWordLevelTokenizer(["a a a b b c"], options) as { model: { vocab: Record<string, number> } }).model.vocab,
      );
    expect(vocabulary({ vocabularySize: 5, required: ["C zebra"] })).toEqual(["<unk>", "<eos>", "a", "c", "zebra"]);
    expect(() => vocabulary({ vocabularySize: 3, required: ["two words"] })).toThrow(/2 different words.*room for 1/);
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

  test("encodes a long text as it encodes its lines", () => {
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

describe("a tokenizer file of another kind", () => {
  test("with a WordLevel model gives the ids that Python gives", () => {
    const wordLevel = loadTokenizer(fixture("word-level.json"));
    expect(ids.encode.map((text) => [...wordLevel.encode(text)])).toEqual(ids.ids);
  });

  test("with byte-level BPE gives the ids and texts that Python gives, and no special token of its own", () => {
    const byteLevel = loadTokenizer(fixture("byte-level.json"));
    expect(ids.encode.map((text) => [...byteLevel.encode(text)])).toEqual(ids.byteLevelIds);
    expect(ids.byteLevelIds.map((list) => byteLevel.decode(list))).toEqual(ids.byteLevelDecoded);
    expect([byteLevel.vocabularySize, byteLevel.unknownId, byteLevel.endOfTextId]).toEqual([290, null, 0]);
  });

  test("ends texts with the token that the configuration names", () => {
    expect(loadTokenizer(built, { eos_token: "the" }).endOfTextId).toBe(2);
    expect(loadTokenizer(built, { eos_token: { content: "<unk>" } }).endOfTextId).toBe(0);
    expect(() => loadTokenizer(built, { eos_token: "</none>" })).toThrow(/looked for <\/none>/);
    expect(() => loadTokenizer(built, { eos_token: 3 })).toThrow(/tokenizer_config\.json: eos_token/);
  });

  test("that has no token for a word says so, and so does one that the library cannot open", () => {
    const model = { type: "WordLevel", vocab: { "<eos>": 0, the: 1 } };
    const closed = loadTokenizer({ ...built, added_tokens: [], model });
    expect([...closed.encode("the the")]).toEqual([1, 1]);
    expect(() => closed.encode("the cat")).toThrow(/no token for 'cat'/);
    expect(() => loadTokenizer({ ...built, normalizer: { type: "Strange" } })).toThrow(InputError);
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
    const folder = mkdtempSync(join(tmpdir(), "deadweight-data-"));
    try {
      const file = join(folder, "data.json");
      writeFileSync(file, encodeSftDataset(dataset));
      expect(readSftDataset(file)).toEqual(dataset);
      expect(readHeldOutTokens(file)).toEqual([]);
      writeFileSync(
        file,
        encodeSftDataset({ ...dataset, heldOut: [example, { ...example, scored: new Uint8Array(5).fill(1) }] }),
      );
      expect(readHeldOutTokens(file)).toEqual([3, 5]);
      writeFileSync(file, encodeSftDataset(dataset).replace("00111", "0011"));
      expect(() => readSftDataset(file)).toThrow(/different lengths/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
