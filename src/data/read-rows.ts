/** @file The rows of local data files in any accepted format. Knows nothing of what the fields mean. */
import { type Stats, statSync } from "node:fs";
import { basename } from "node:path";
import { InputError } from "../foundation/errors.js";
import { csvRows } from "./csv-rows.js";
import { mostDataBytes, readDataBytes, unpackGzip } from "./data-file-bytes.js";
import { filesOfFolder } from "./data-folder.js";
import { acceptedEndings, dataFormat, type TextFormat } from "./data-format.js";
import type { DataRow } from "./data-row.js";
import { foreignData } from "./foreign-data.js";
import { jsonRows } from "./json-rows.js";
import { jsonlRows } from "./jsonl-rows.js";
import { parquetRows } from "./parquet-rows.js";

export interface ReadRowsOptions {
  /** What one file may hold, unpacked; 4 GiB. */
  readonly mostBytes?: number;
}

/**
 * Reads one local file by its ending: .jsonl, .ndjson, .json, .csv, .tsv (each also with .gz), .parquet.
 * @returns at least one row.
 * @throws InputError for a file that is absent, unreadable, too large, in another format, damaged or without a row.
 */
export async function readRows(path: string, { mostBytes = mostDataBytes }: ReadRowsOptions = {}): Promise<DataRow[]> {
  if (pathKind(path) === "folder") throw new InputError(`${path}: is a folder. Give a data file.`);
  const format = dataFormat(basename(path));
  if (format === null) {
    throw new InputError(`${path}: the ending says nothing of the format. Accepted are ${acceptedEndings}.`);
  }
  const rows =
    format.kind === "parquet"
      ? await parquetRows(path, mostBytes)
      : await textFileRows(path, format.kind, format.gzip, mostBytes);
  if (rows.length === 0) throw new InputError(`${path}: holds no row. At least one example is wanted.`);
  return rows;
}

/** Files as they are; of a folder the files that its names make the training data. @throws InputError as `filesOfFolder` does. */
export function dataFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => (pathKind(path) === "folder" ? filesOfFolder(path) : [path]));
}

/**
 * Reads files one after the other; of a folder the files that its names make the training data (see `filesOfFolder`).
 * @throws InputError as `readRows` does, and for a folder without data or with several kinds of it.
 */
export async function readDataFiles(paths: readonly string[], options: ReadRowsOptions = {}): Promise<DataRow[]> {
  const files = dataFiles(paths);
  const parts: DataRow[][] = [];
  for (const file of files) parts.push(await readRows(file, options));
  return parts.flat();
}

async function textFileRows(path: string, kind: TextFormat, gzip: boolean, mostBytes: number): Promise<DataRow[]> {
  const stored = await readDataBytes(path, mostBytes);
  // A pointer or a page may stand in for a packed file, too.
  const packed = gzip && stored[0] === 0x1f && stored[1] === 0x8b;
  const bytes = packed ? unpackGzip(stored, path, mostBytes) : stored;
  const foreign = foreignData(bytes);
  if (foreign !== null) throw new InputError(`${path}: ${foreign}`);
  if (gzip && !packed) throw new InputError(`${path}: is not compressed with gzip. Drop .gz from its name.`);
  return textRows(bytes, basename(path), kind);
}

function textRows(bytes: Uint8Array, name: string, kind: TextFormat): DataRow[] {
  switch (kind) {
    case "jsonl":
      return jsonlRows(bytes, name);
    case "json":
      return jsonRows(bytes, name);
    case "csv":
      return csvRows(bytes, name, ",");
    case "tsv":
      return csvRows(bytes, name, "\t");
    default:
      return kind satisfies never;
  }
}

function pathKind(path: string): "file" | "folder" {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new InputError(`${path}: does not exist.`);
    throw new InputError(`${path}: cannot be read (${(error as Error).message}).`);
  }
  if (stat.isDirectory()) return "folder";
  // Opening a pipe would wait for its writer.
  if (!stat.isFile()) throw new InputError(`${path}: is neither a file nor a folder. Save the data in a file.`);
  return "file";
}
