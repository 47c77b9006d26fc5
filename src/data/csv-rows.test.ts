/** @file Comma-separated values: quoting, places of rows, and tables that are refused. */
import { expect, test } from "vitest";
import { csvRows } from "./csv-rows.js";

const rows = (text: string) => csvRows(Buffer.from(text), "t.csv", ",");

test.each(["\n", "\r\n"])("quoted fields span lines; a row's place is its first line (%j)", (end) => {
  const text = ["\ufeffq,a", '"one', 'two, ""three""",1', "", '"", 2'].join(end);
  expect(rows(text)).toEqual([
    { where: "t.csv:2", fields: { q: `one${end}two, "three"`, a: "1" } },
    { where: "t.csv:5", fields: { q: "", a: " 2" } },
  ]);
});

test("a single column, and a column named like a prototype", () => {
  expect(rows("text\nhello\n")).toEqual([{ where: "t.csv:2", fields: { text: "hello" } }]);
  expect(Object.entries(rows("__proto__,b\n1,2\n")[0].fields)).toEqual([
    ["__proto__", "1"],
    ["b", "2"],
  ]);
});

test.each([
  ['a,b\n"x\ny",1\n\n3\n', "t.csv:5: has 1 field, but the header names 2 columns."],
  ["a,b\n1,2,3\n", "t.csv:2: has 3 fields, but the header names 2 columns."],
  ["a,b,a\n1,2,3\n", "t.csv:1: the header names a column more than once ('a'). Rename one."],
  ['a,b\n1,2\nx,"1\n3,4\n', "t.csv:3: a quote opens in the row that begins here and is never closed."],
  ['a,b\n1,2\nx"y,1\n', "t.csv:3: "],
  ["a;b\n1;2\n", "t.csv:1: the header is a single column, 'a;b'. Separate columns with commas (.csv)."],
])("%j is refused", (text, message) => {
  expect(() => rows(text)).toThrow(message);
});
