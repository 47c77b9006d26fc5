/** @file Every format read from disk, files refused as a whole, and hostile bytes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { readDataFiles, readRows } from "./read-rows.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rows-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function refusal(path: string, options = {}): Promise<string> {
  const error = await readRows(path, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InputError)) expect.fail(`${path}: ${String(error)}`);
  expect(error.message).not.toContain("\n");
  return error.message;
}

const two = [
  { prompt: "a", completion: "b" },
  { prompt: "é\n", completion: null },
];
const lines = two.map((row) => JSON.stringify(row)).join("\n");
const csv = 'prompt,completion\na,b\n"é\n",\n';

describe("reading by the ending", () => {
  test.each([
    ["a.jsonl", lines],
    ["a.NDJSON", `\ufeff${lines}\r\n`],
    ["a.jsonl.gz", gzipSync(lines)],
    ["a.json", JSON.stringify(two)],
    ["a.json.gz", gzipSync(JSON.stringify({ data: two }))],
  ])("%s", async (name, content) => {
    expect((await readRows(write(name, content))).map(({ fields }) => fields)).toEqual(two);
  });

  test.each([
    ["a.csv", csv],
    ["a.tsv", csv.replaceAll(",", "\t")],
    ["a.csv.gz", gzipSync(csv)],
  ])("%s", async (name, content) => {
    const rows = await readRows(write(name, content));
    expect(rows.map(({ fields }) => fields)).toEqual([two[0], { prompt: "é\n", completion: "" }]);
    expect(rows.map(({ where }) => where)).toEqual([`${name}:2`, `${name}:3`]);
  });

  test("several files, one after the other", async () => {
    const paths = [write("one.jsonl", '{"a": 1}'), write("two.csv", "a\n2\n")];
    expect(await readDataFiles(paths)).toEqual([
      { where: "one.jsonl:1", fields: { a: 1 } },
      { where: "two.csv:2", fields: { a: "2" } },
    ]);
  });
});

describe("files refused as a whole", () => {
  const page = "<!DOCTYPE html>\n<html><body>Sign in</body></html>";
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  test.each([
    ["empty.jsonl", "", "is empty"],
    ["blank.jsonl", "\n \n", "holds no row"],
    ["blank.json", "  ", "holds no row"],
    ["none.json", "[]", "holds no row"],
    ["header.csv", "prompt,completion\n", "holds no row"],
    ["table.xlsx", "PK", "the ending says nothing of the format"],
    ["no-ending", "{}", "Accepted are .jsonl"],
    ["table.parquet.gz", "{}", "Accepted are .jsonl"],
    ["pointer.jsonl", pointer, "git lfs pull"],
    ["pointer.parquet", pointer, "git lfs pull"],
    ["pointer.jsonl.gz", pointer, "git lfs pull"],
    ["page.json", page, "HTML page"],
    ["page.parquet", page, "HTML page"],
    ["parquet.jsonl", "PAR1....", ".parquet"],
    ["packed.jsonl", gzipSync(lines), ".jsonl.gz"],
    ["plain.jsonl.gz", lines, "is not compressed with gzip"],
    ["cut.jsonl.gz", gzipSync(lines).subarray(0, -12), "cannot be unpacked as gzip"],
    ["utf16.csv", Buffer.from("\ufeffa,b\n1,2\n", "utf16le"), "UTF-16"],
  ])("%s", async (name, content, message) => {
    expect(await refusal(write(name, content))).toContain(message);
  });

  test("a file that is absent, and a folder", async () => {
    expect(await refusal(join(folder, "absent.jsonl"))).toBe(`${join(folder, "absent.jsonl")}: does not exist.`);
    expect(await refusal(folder)).toContain("is a folder");
  });

  test("a file above the limit, stored or unpacked", async () => {
    const message = "but at most 1000 bytes are read from one file";
    expect(await refusal(write("large.jsonl", "x".repeat(1001)), { mostBytes: 1000 })).toContain(message);
    const bomb = write("bomb.jsonl.gz", gzipSync(Buffer.alloc(1 << 20)));
    expect(await refusal(bomb, { mostBytes: 2000 })).toContain("unpacks to more, but at most 2000 bytes");
  });
});

test("any objects written as JSON Lines read back equal", async () => {
  const object = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.array(object, { minLength: 1 }), fc.constantFrom("\n", "\r\n", "\n\n"), async (rows, end) => {
      const texts = rows.map((row) => JSON.stringify(row));
      const read = await readRows(write("any.jsonl", texts.join(end)));
      expect(read.map(({ fields }) => JSON.stringify(fields))).toEqual(texts);
    }),
  );
});

describe("hostile bytes give rows or an InputError", () => {
  const fixture = readFileSync(join(import.meta.dirname, "../../test/fixtures/data/snappy.parquet"));
  async function read(name: string, bytes: Uint8Array): Promise<void> {
    try {
      expect((await readRows(write(name, bytes))).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
    }
  }

  test.each(["jsonl", "json", "csv", "tsv", "jsonl.gz", "parquet"])("as .%s", async (ending) => {
    const jsonLike = fc.array(fc.constantFrom(...'{}[]":,\n\r\t\\ aé1'), { maxLength: 30 });
    const text = jsonLike.map((characters) => Uint8Array.from(Buffer.from(characters.join(""))));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ minLength: 1 }), text), (bytes) => read(`any.${ending}`, bytes)),
      { numRuns: 300 },
    );
  });

  test("as a gzip file or a Parquet file with arbitrary content", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (bytes) => {
        await read("any.csv.gz", gzipSync(bytes));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.byteLength);
        await read("any.parquet", Buffer.concat([Buffer.from("PAR1"), bytes, length, Buffer.from("PAR1")]));
      }),
    );
  });

  test("as a Parquet file cut off anywhere", async () => {
    for (let end = 1; end < fixture.byteLength; end += 37) {
      expect(await refusal(write("cut.parquet", fixture.subarray(0, end)))).toMatch(/Parquet/);
    }
  });
});

test("folders are expanded", async () => {
  const inner = join(folder, "set");
  mkdirSync(inner);
  writeFileSync(join(inner, "train-1.jsonl"), '{"a": 2}');
  writeFileSync(join(inner, "train-0.jsonl"), '{"a": 1}');
  writeFileSync(join(inner, "test.jsonl"), '{"a": 3}');
  expect((await readDataFiles([inner])).map(({ where }) => where)).toEqual(["train-0.jsonl:1", "train-1.jsonl:1"]);
});
