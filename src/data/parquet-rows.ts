/** @file The rows of a Parquet file, with values as JSON knows them. Knows nothing of what the fields mean. */
import { basename } from "node:path";
import type { AsyncBuffer, FileMetaData, ParquetRow } from "hyparquet";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DeadweightError, InputError } from "../foundation/errors.js";
import { type OpenDataFile, tooLarge, withDataFile } from "./data-file-bytes.js";
import type { DataRow } from "./data-row.js";
import { openingBytes, pointerOrPage } from "./foreign-data.js";
import { checkParquetPages } from "./parquet-pages.js";
import { shownText } from "./shown-text.js";

const again = "Truncated or damaged; fetch it again.";
const magic = "PAR1";

/**
 * Row group by row group. Integers of 64 bits become numbers (exact to 2^53), bytes text, dates ISO 8601, a missing value null.
 * @param mostBytes of all columns, unpacked. @throws InputError
 */
export function parquetRows(path: string, mostBytes: number): Promise<DataRow[]> {
  const name = basename(path);
  return withDataFile(path, async (file) => {
    const rows: DataRow[] = [];
    try {
      const metadata = readMetadata(file, path);
      checkSize(metadata, path, mostBytes);
      checkCompression(metadata, path);
      checkParquetPages(file, metadata, path);
      for (const { num_rows } of metadata.row_groups) {
        const group = await readGroup(file, metadata, rows.length, rows.length + Number(num_rows));
        for (const row of group) rows.push({ where: `${name}, row ${rows.length + 1}`, fields: plainRow(row) });
      }
    } catch (error) {
      if (error instanceof DeadweightError) throw error;
      // The library's own errors, and those of the language where a damaged footer misses a field.
      const reason = error instanceof Error ? error.message : String(error);
      throw new InputError(`${path}: cannot be read as Parquet (${shownText(reason)}). ${again}`);
    }
    return rows;
  });
}

function readMetadata(file: OpenDataFile, path: string): FileMetaData {
  const opening = file.read(0, Math.min(openingBytes, file.bytes));
  const foreign = pointerOrPage(opening);
  if (foreign !== null) throw new InputError(`${path}: ${foreign}`);
  const first = latin1(opening.subarray(0, 4));
  const footer = file.read(Math.max(0, file.bytes - 8), file.bytes);
  const last = latin1(footer.subarray(-4));
  if (first === "PARE" || last === "PARE") throw new InputError(`${path}: is encrypted. Save it without encryption.`);
  if (first !== magic) throw new InputError(`${path}: is not a Parquet file (it does not begin with ${magic}).`);
  if (last !== magic || file.bytes < 12) {
    throw new InputError(`${path}: begins as a Parquet file but does not end as one. Truncated download?`);
  }
  const metadataBytes = new DataView(footer.buffer).getUint32(0, true);
  if (metadataBytes > file.bytes - 12) {
    throw new InputError(`${path}: announces a footer of ${metadataBytes} bytes, but holds ${file.bytes}. ${again}`);
  }
  return parquetMetadata(file.read(file.bytes - 8 - metadataBytes, file.bytes), { geoparquet: false });
}

function checkSize(metadata: FileMetaData, path: string, mostBytes: number): void {
  const unpacked = metadata.row_groups.reduce((sum, group) => sum + group.total_byte_size, 0n);
  if (unpacked > mostBytes) throw new InputError(`${path}: ${tooLarge(`unpacks to ${unpacked} bytes`, mostBytes)}`);
}

function checkCompression(metadata: FileMetaData, path: string): void {
  for (const { meta_data: column } of metadata.row_groups.flatMap((group) => group.columns)) {
    if (column === undefined || column.codec === "UNCOMPRESSED" || column.codec in compressors) continue;
    throw new InputError(
      `${path}: column '${column.path_in_schema.join(".")}' is compressed with ${column.codec ?? "an unknown codec"}, ` +
        `which is not supported. Write it anew with snappy or zstd.`,
    );
  }
}

async function readGroup(
  file: OpenDataFile,
  metadata: FileMetaData,
  rowStart: number,
  rowEnd: number,
): Promise<ParquetRow[]> {
  const buffer: AsyncBuffer = {
    byteLength: file.bytes,
    slice: (begin, end = file.bytes) => file.read(begin, end).buffer,
  };
  const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return await parquetReadObjects({
    file: buffer,
    metadata,
    rowStart,
    rowEnd,
    compressors,
    // Columns that are not said to be text come as bytes.
    utf8: false,
    geoparquet: false,
    parsers: { stringFromBytes: (bytes) => bytes && fatal.decode(bytes) },
  });
}

function plainRow(row: ParquetRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
