/** @file Parquet files against the rows that pyarrow reads from them, and damaged ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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

test("more than the limit, unpacked, is refused", async () => {
  await expect(parquetRows(join(fixtures, "snappy.parquet"), 100)).rejects.toThrow(
    /unpacks to \d+ bytes, but at most 100/,
  );
});
