/** @file The rows of comma- or tab-separated values under a header. Knows nothing of paths, or of what the fields mean. */
import { CsvError, type Options, parse } from "csv-parse/sync";
import { InputError } from "../foundation/errors.js";
import type { DataRow } from "./data-row.js";
import { shownList, shownText } from "./shown-text.js";
import { checkUtf8, mostTextBytes, withoutByteOrderMark } from "./utf8-text.js";

interface CsvRecord {
  /** Where the record begins, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

const quoting = 'Fields may be quoted with ", and a quote within them is then doubled.';

/**
 * Fields may be quoted with " and then hold separators and newlines. All values are strings. Blank lines are skipped.
 * @param bytes of a whole file. @param name its base name. @throws InputError
 */
export function csvRows(bytes: Uint8Array, name: string, separator: "," | "\t"): DataRow[] {
  checkUtf8(bytes, name);
  const [header, ...records] = parseRecords(withoutByteOrderMark(bytes), name, separator);
  if (header === undefined) return [];
  checkHeader(header, name, separator);
  return records.map(({ line, fields }) => {
    const where = `${name}:${line}`;
    if (fields.length !== header.fields.length) {
      throw new InputError(
        `${where}: has ${fields.length} ${fields.length === 1 ? "field" : "fields"}, but the header names ` +
          `${header.fields.length} columns. Quote fields that hold separators or newlines.`,
      );
    }
    // Unlike assignment, this also makes a column of "__proto__".
    return { where, fields: Object.fromEntries(header.fields.map((column, index) => [column, fields[index]])) };
  });
}

function parseRecords(bytes: Uint8Array, name: string, separator: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let lastLine = 0;
  let surplusLines = 0;
  const options: Options<string[]> = {
    delimiter: separator,
    relax_column_count: true,
    skip_empty_lines: true,
    // Beyond it a field may not fit in a string.
    max_record_size: mostTextBytes,
    on_record: (fields, { lines }) => {
      // The parser tells the line on which the record ends, and takes a quoted "\r\n" for two ends of lines.
      const within = fields.reduce((sum, field) => sum + (field.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
      surplusLines += fields.reduce((sum, field) => sum + (field.match(/\r\n/g)?.length ?? 0), 0);
      lastLine = lines - surplusLines;
      records.push({ line: lastLine - within, fields });
      return null;
    },
  };
  try {
    parse(bytes, options);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === "CSV_QUOTE_NOT_CLOSED") {
      throw new InputError(
        `${name}:${lastLine + 1}: a quote opens in the row that begins here and is never closed. ${quoting}`,
      );
    }
    const line = typeof error.lines === "number" ? `:${error.lines - surplusLines}` : "";
    throw new InputError(`${name}${line}: ${shownText(error.message)}. ${quoting}`);
  }
  return records;
}

function checkHeader({ line, fields }: CsvRecord, name: string, separator: string): void {
  const where = `${name}:${line}`;
  const twice = fields.filter((column, index) => fields.indexOf(column) !== index);
  if (twice.length > 0) {
    throw new InputError(
      `${where}: the header names a column more than once (${shownList([...new Set(twice)])}). Rename one.`,
    );
  }
  if (fields.length === 1 && /[;\t,]/.test(fields[0])) {
    const wanted = separator === "," ? "commas (.csv)" : "tabs (.tsv)";
    throw new InputError(
      `${where}: the header is a single column, '${shownText(fields[0])}'. Separate columns with ${wanted}.`,
    );
  }
}
