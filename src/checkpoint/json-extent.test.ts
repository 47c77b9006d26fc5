import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonExtent } from "./json-extent.js";

const extent = (json: string) => jsonExtent(Buffer.from(json));

it.each<[string, number, number]>([
  ["", 0, 0],
  ["7", 0, 0],
  ["[]", 1, 1],
  ['{"a":[1,2]}', 2, 4],
  ['{"a[{,:\\"[":"]}"}', 1, 2],
  ['"open [[[', 0, 0],
  ["[]][[", 1, 3],
])("jsonExtent of %s", (json, depth, values) => expect(extent(json)).toEqual({ depth, values }));

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

it("jsonExtent gives the depth of any JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => extent(JSON.stringify(value)).depth === depthOf(value)));
});
