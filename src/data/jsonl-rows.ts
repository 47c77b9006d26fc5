/** @file The rows of JSON Lines: one object a line. Knows nothing of paths, or of what the fields mean. */
import { InputError } from "../foundation/errors.js";
import { type DataRow, isRecord } from "./data-row.js";
import { shownText } from "./shown-text.js";
import { checkUtf8, decodeUtf8, mostTextBytes, withoutByteOrderMark } from "./utf8-text.js";

const newline = 0x0a;
const wanted = 'One object a line is wanted, e.g. {"prompt": "...", "completion": "..."}.';

/**
 * Lines are cut from the bytes, because a whole file may not fit in one string. Blank lines are skipped.
 * @param bytes of a whole file. @param name its base name. @throws InputError
 */
export function jsonlRows(bytes: Uint8Array, name: string): DataRow[] {
  checkUtf8(bytes, name);
  const text = withoutByteOrderMark(bytes);
  const rows: DataRow[] = [];
  for (let begin = 0, line = 1; begin < text.byteLength; line++) {
    const found = text.indexOf(newline, begin);
    const end = found < 0 ? text.byteLength : found;
    const where = `${name}:${line}`;
    if (end - begin > mostTextBytes) {
      throw new InputError(`${where}: the line holds ${end - begin} bytes, more than fit in one string. ${wanted}`);
    }
    const content = decodeUtf8(text.subarray(begin, end)).trim();
    if (content !== "") rows.push({ where, fields: parseLine(content, where, rows.length === 0) });
    begin = end + 1;
  }
  return rows;
}

function parseLine(content: string, where: string, first: boolean): Record<string, unknown> {
  // The first line of a pretty-printed document.
  const hint = first && /^(\[|\{$)/.test(content) ? " If this is one JSON document, let its name end in .json." : "";
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new InputError(`${where}: is not JSON (${shownText((error as Error).message)}). ${wanted}${hint}`);
  }
  if (!isRecord(value)) throw new InputError(`${where}: is ${jsonKind(value)}, not an object. ${wanted}${hint}`);
  return value;
}

/** @returns what a JSON value is, with its article. */
export function jsonKind(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
