/** @file Whether a Parquet file's footer and page headers agree with the file and with each other. Keeps no value. */
import type { ColumnMetaData, FileMetaData, PageHeader, SchemaTree } from "hyparquet";
import { parquetSchema } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { getTreePath } from "hyparquet/src/schema.js";
import { compressors } from "hyparquet-compressors";
import { InputError } from "../foundation/errors.js";
import type { OpenDataFile } from "./data-file-bytes.js";
import { runsFit } from "./parquet-runs.js";

const again = "Truncated or damaged; fetch it again.";

// A writer's usual page holds 1 MiB; a decoder takes memory for what a page header announces.
const mostPageBytes = 2 ** 30;

/**
 * The library trusts the counts and sizes that a file announces, and takes memory for them; equality is demanded here
 * where the format promises it. Parquet's thrift definition, ColumnMetaData and PageHeader.
 * @throws InputError
 */
export function checkParquetPages(file: OpenDataFile, metadata: FileMetaData, path: string): void {
  const schema = parquetSchema(metadata);
  let rows = 0n;
  for (const [group, { columns, num_rows }] of metadata.row_groups.entries()) {
    rows += num_rows;
    for (const { meta_data: column, crypto_metadata, file_path } of columns) {
      if (crypto_metadata !== undefined) throw new InputError(`${path}: is encrypted. Save it without encryption.`);
      if (column === undefined || file_path !== undefined) {
        throw new InputError(
          `${path}: keeps columns in other files, which is not supported. Write it anew as one file.`,
        );
      }
      const where = `${path}: column '${column.path_in_schema.join(".")}' of row group ${group + 1}`;
      if (!isCount(num_rows) || column.num_values < num_rows) {
        throw new InputError(`${where} holds ${column.num_values} values for ${num_rows} rows. ${again}`);
      }
      checkColumn(file, column, getTreePath(schema, column.path_in_schema), where);
    }
  }
  if (rows !== metadata.num_rows) {
    throw new InputError(`${path}: announces ${metadata.num_rows} rows, but its row groups hold ${rows}. ${again}`);
  }
}

function checkColumn(file: OpenDataFile, column: ColumnMetaData, schemaPath: SchemaTree[], where: string): void {
  const { begin, end } = columnRange(column);
  if (!(begin >= 4 && begin < end && end <= file.bytes)) {
    throw new InputError(`${where} lies at bytes ${begin} to ${end} of a file of ${file.bytes}. ${again}`);
  }
  const view = new DataView(file.read(begin, end).buffer);
  const reader = { view, offset: 0 };
  let values = 0;
  // The library, too, takes a single byte that is left over as the end.
  while (reader.offset < view.byteLength - 1) {
    const header = parquetHeader(reader);
    const data = header.type === "DATA_PAGE" ? header.data_page_header : header.data_page_header_v2;
    const count = data?.num_values ?? header.dictionary_page_header?.num_values ?? 0;
    const fits = sizesFit(header, count) && reader.offset + header.compressed_page_size <= view.byteLength;
    if (!fits) throw new InputError(`${where} has a page that does not fit in it. ${again}`);
    const stored = new Uint8Array(view.buffer, reader.offset, header.compressed_page_size);
    if (!runsFit(stored, header, column, schemaPath, compressors)) {
      throw new InputError(`${where} has a page with a run longer than the page. ${again}`);
    }
    if (data !== undefined) values += count;
    reader.offset += header.compressed_page_size;
  }
  if (BigInt(values) !== column.num_values) {
    throw new InputError(`${where} announces ${column.num_values} values, but its pages hold ${values}. ${again}`);
  }
}

/** Whether the sizes in a page's header can be those of a page that holds so many values. */
function sizesFit(
  { type, compressed_page_size, uncompressed_page_size, ...header }: PageHeader,
  count: number,
): boolean {
  const sizes = [count, compressed_page_size, uncompressed_page_size];
  if (!sizes.every(isCount) || uncompressed_page_size > mostPageBytes) return false;
  if (type === "DATA_PAGE") return header.data_page_header !== undefined;
  if (type === "DICTIONARY_PAGE") return header.dictionary_page_header !== undefined;
  const second = header.data_page_header_v2;
  if (type !== "DATA_PAGE_V2" || second === undefined) return type === "INDEX_PAGE";
  const { num_nulls, num_rows, definition_levels_byte_length, repetition_levels_byte_length } = second;
  const levels = definition_levels_byte_length + repetition_levels_byte_length;
  return (
    [num_nulls, num_rows, definition_levels_byte_length, repetition_levels_byte_length].every(isCount) &&
    Math.max(num_nulls, num_rows) <= count &&
    levels <= Math.min(compressed_page_size, uncompressed_page_size)
  );
}

/** The bytes of a column's pages, half-open. The dictionary comes first; some writers give its offset as 0 where there is none. */
function columnRange(column: ColumnMetaData): { readonly begin: number; readonly end: number } {
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: bytes } = column;
  const begin = dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data;
  return { begin: Number(begin), end: Number(begin + bytes) };
}

function isCount(value: number | bigint): boolean {
  return typeof value === "bigint" ? value >= 0n : Number.isInteger(value) && value >= 0;
}
