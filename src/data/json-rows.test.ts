/** @file JSON documents: which array holds the rows, and documents that are refused. */
import { expect, test } from "vitest";
import { jsonRows } from "./json-rows.js";

const fields = (document: unknown, indent?: number) =>
  jsonRows(Buffer.from(JSON.stringify(document, null, indent)), "d.json").map((row) => row.fields);
const list = [{ a: 1 }, { a: 2 }];

test("the rows are found in every accepted place", () => {
  expect(jsonRows(Buffer.from(`\ufeff ${JSON.stringify(list)}`), "d.json")).toEqual([
    { where: "d.json, row 1", fields: { a: 1 } },
    { where: "d.json, row 2", fields: { a: 2 } },
  ]);
  expect(fields({ version: 1, data: list, notes: [] })).toEqual(list);
  expect(fields({ test: [{ a: 3 }], train: list })).toEqual(list);
});

test("JSON Lines under the wrong ending keep their lines", () => {
  expect(jsonRows(Buffer.from('{"a": 1}\n\n{"a": 2}\n'), "d.json")).toEqual([
    { where: "d.json:1", fields: { a: 1 } },
    { where: "d.json:3", fields: { a: 2 } },
  ]);
  expect(() => jsonRows(Buffer.from('{"a": 1}\n{"a": \n'), "d.json")).toThrow("d.json:2: is not JSON");
});

test("one example is not taken for a data set", () => {
  const example = { messages: [{ role: "user", content: "Hi" }] };
  expect(fields(example, 2)).toEqual([example]);
  expect(fields({ prompt: "a", completion: "b" })).toEqual([{ prompt: "a", completion: "b" }]);
});

test.each([
  ['[{"a": 1},\n{"a": 2,}]', "d.json:2: is not JSON ("],
  ['[{"a": 1}, 2]', "d.json, row 2: is a number, not an object."],
  ['"text"', "d.json: is a string."],
  ['{\n"a": 1, "b": [1]}', "d.json: is one object with the keys 'a', 'b'. An array of objects is wanted"],
  ['{"x": [{}], "y": [{}]}', "d.json: holds 2 arrays of objects ('x', 'y'), none named 'train'."],
])("%j is refused", (text, message) => {
  expect(() => jsonRows(Buffer.from(text), "d.json")).toThrow(message);
});
