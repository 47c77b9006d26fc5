/** @file Parquet files against the rows that pyarrow reads from them, and damaged ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../foundation/errors.js";
import { parquetRows } from "./parquet-rows.js";

const fixtures = join(import.meta.dirname, "../../test/fixtures/data");
const expected: unknown = JSON.parse(readFileSync(join(fixtures, "rows.json"), "utf8"));
const mostBytes = 2 ** 30;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parquet-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(["snappy", "zstd", "gzip", "brotli", "lz4", "uncompressed"])("%s", async (name) => {
  const rows = await parquetRows(join(fixtures, `${name}.parquet`), mostBytes);
  expect(rows.map(({ fields }) => fields)).toEqual(expected);
  expect(rows.map(({ where }) => where)).toEqual([1, 2, 3, 4, 5].map((row) => `${name}.parquet, row ${row}`));
});

test("a compression that cannot be unpacked is refused by its name", async () => {
  // The footer's codec of the first column (SNAPPY = 1 in zigzag: 02) follows its path, `id`; LZO = 3 (06).
  const path = changed((bytes) => {
    const at = bytes.lastIndexOf(Buffer.from([0x19, 0x18, 0x02, 0x69, 0x64, 0x15, 0x02]));
    bytes[at + 6] = 0x06;
  });
  await expect(parquetRows(path, mostBytes)).rejects.toThrow(
    "column 'id' is compressed with LZO, which is not supported. Write it anew with snappy or zstd.",
  );
});

/** The snappy fixture with bytes replaced. */
function changed(change: (bytes: Buffer) => void): string {
  const bytes = Buffer.from(readFileSync(join(fixtures, "snappy.parquet")));
  change(bytes);
  const path = join(folder, "changed.parquet");
  writeFileSync(path, bytes);
  return path;
}

test.each<[string, (bytes: Buffer) => void, RegExp]>([
  ["another opening", (bytes) => bytes.write("XXXX", 0), /is not a Parquet file \(it does not begin with PAR1\)/],
  ["another end", (bytes) => bytes.write("XXXX", bytes.length - 4), /does not end as one. Truncated download\?/],
  ["encryption", (bytes) => bytes.write("PARE", bytes.length - 4), /is encrypted/],
  ["a footer too long", (bytes) => bytes.writeUInt32LE(1e6, bytes.length - 8), /a footer of 1000000 bytes/],
  ["a footer of zeros", (bytes) => bytes.fill(0, bytes.length - 1500, bytes.length - 8), /Truncated or damaged/],
  ["pages of zeros", (bytes) => bytes.fill(0, 4, 400), /Truncated or damaged/],
])("%s is refused", async (_, change, message) => {
  await expect(parquetRows(changed(change), mostBytes)).rejects.toThrow(message);
});

test("no damage to a single byte gives another error, or holds the reader up", async () => {
  const { byteLength } = readFileSync(join(fixtures, "snappy.parquet"));
  for (let at = 0; at < byteLength; at += 29) {
    const path = changed((bytes) => {
      bytes[at] ^= 0x80;
    });
    await parquetRows(path, mostBytes).catch((error: unknown) => expect(error).toBeInstanceOf(InputError));
  }
});

test("more than the limit, unpacked, is refused", async () => {
  await expect(parquetRows(join(fixtures, "snappy.parquet"), 100)).rejects.toThrow(
    /unpacks to \d+ bytes, but at most 100/,
  );
});
