/** @file The rows of one JSON document: its array of objects. Knows nothing of paths, or of what the fields mean. */
import { InputError } from "../foundation/errors.js";
import { type DataRow, isRecord } from "./data-row.js";
import { jsonKind, jsonlRows } from "./jsonl-rows.js";
import { shownList, shownText } from "./shown-text.js";
import { checkUtf8, decodeUtf8, mostTextBytes, withoutByteOrderMark } from "./utf8-text.js";

const wanted = "An array of objects is wanted, alone or under one key, or one object a line.";

/** Lists of objects that make up one example, not a data set. */
const conversationKeys = ["messages", "conversations", "conversation"];

/**
 * Reads an array of objects; an object that holds one such array (of several, the one named "train"); or JSON Lines.
 * @param bytes of a whole file. @param name its base name. @throws InputError
 */
export function jsonRows(bytes: Uint8Array, name: string): DataRow[] {
  if (bytes.byteLength > mostTextBytes) {
    throw new InputError(
      `${name}: holds ${bytes.byteLength} bytes, but one JSON document can be read up to ${mostTextBytes}. ` +
        "Convert it to JSON Lines (.jsonl): 'jq -c .[] FILE.json > FILE.jsonl'.",
    );
  }
  checkUtf8(bytes, name);
  const text = decodeUtf8(withoutByteOrderMark(bytes)).trim();
  if (text === "") return [];
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    if (opensWithRow(text)) return jsonlRows(bytes, name);
    const message = (error as Error).message;
    throw new InputError(`${name}${lineOf(message, text)}: is not JSON (${shownText(message)}). ${wanted}`);
  }
  return rowsOf(document, text, name);
}

function rowsOf(document: unknown, text: string, name: string): DataRow[] {
  if (Array.isArray(document)) return listRows(document, name);
  if (!isRecord(document)) throw new InputError(`${name}: is ${jsonKind(document)}. ${wanted}`);
  const isConversation = conversationKeys.some((key) => Object.hasOwn(document, key));
  const lists = isConversation ? [] : Object.keys(document).filter((key) => isListOfRecords(document[key]));
  const key = lists.includes("train") ? "train" : lists[0];
  if (key !== undefined && (lists.length === 1 || key === "train")) return listRows(document[key], name);
  if (lists.length > 1) {
    throw new InputError(
      `${name}: holds ${lists.length} arrays of objects (${shownList(lists)}), none named 'train'. ` +
        "Keep one of them, or save each in a file of its own.",
    );
  }
  // JSON Lines with a single line.
  if (isConversation || !text.includes("\n")) return [{ where: `${name}:1`, fields: document }];
  throw new InputError(`${name}: is one object with the keys ${shownList(Object.keys(document))}. ${wanted}`);
}

function listRows(list: unknown, name: string): DataRow[] {
  if (!Array.isArray(list)) return [];
  return list.map((value: unknown, index) => {
    const where = `${name}, row ${index + 1}`;
    if (!isRecord(value)) throw new InputError(`${where}: is ${jsonKind(value)}, not an object. ${wanted}`);
    return { where, fields: value };
  });
}

function isListOfRecords(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

function opensWithRow(text: string): boolean {
  const line = /^.*/.exec(text)![0];
  try {
    return line.length < text.length && isRecord(JSON.parse(line));
  } catch {
    return false;
  }
}

/** V8 tells the position only; some of its messages tell none. */
function lineOf(message: string, text: string): string {
  const match = /at position (\d+)/.exec(message);
  return match === null ? "" : `:${text.slice(0, Number(match[1])).split("\n").length}`;
}
