/** @file JSON Lines: places of rows, and lines that are refused. */
import { expect, test } from "vitest";
import { jsonlRows } from "./jsonl-rows.js";

const wanted = 'One object a line is wanted, e.g. {"prompt": "...", "completion": "..."}.';
const rows = (text: string) => jsonlRows(Buffer.from(text), "train.jsonl");

test("lines are counted from 1, blank ones too", () => {
  expect(rows('\ufeff\n{"a": 1}\r\n  \n{"b": "\\n"}')).toEqual([
    { where: "train.jsonl:2", fields: { a: 1 } },
    { where: "train.jsonl:4", fields: { b: "\n" } },
  ]);
});

test.each([
  ['{"a": 1}\n{"a": ', `train.jsonl:2: is not JSON (Unexpected end of JSON input). ${wanted}`],
  ['{"a": 1}\n[1]', `train.jsonl:2: is an array, not an object. ${wanted}`],
  ['{"a": 1}\n7', `train.jsonl:2: is a number, not an object. ${wanted}`],
  ["null", `train.jsonl:1: is null, not an object. ${wanted}`],
  ['[{"a": 1}]', "If this is one JSON document, let its name end in .json."],
  ['{\n"a": 1}', "If this is one JSON document, let its name end in .json."],
])("%j is refused", (text, message) => {
  expect(() => rows(text)).toThrow(message);
});

test.each<[string, number[], string]>([
  ["a stray byte", [0x7b, 0x7d, 0x0a, 0xc3, 0xa9, 0xff, 0x0a], ":2: byte 5 of the file (0xff)"],
  ["a character cut by a newline", [0xe2, 0x82, 0x0a, 0x7b, 0x7d], ":1: byte 1 of the file (0x82)"],
  ["a character cut by the end", [0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0x0a, 0xe2], ":2: byte 6 of the file (0xe2)"],
])("%s is named by line and offset", (_, bytes, message) => {
  expect(() => jsonlRows(Uint8Array.from(bytes), "train.jsonl")).toThrow(
    `train.jsonl${message} is not valid UTF-8. Save the file as UTF-8.`,
  );
});
