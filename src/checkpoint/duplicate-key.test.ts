import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateKey } from "./duplicate-key.js";

describe("duplicateKey", () => {
  it.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":{"b":1,"c":[{"d":1}],"b":2}}', "b"],
    ['[{"x":1,"y":2,"x":3}]', "x"],
    ['{"\\u0061":1, "a" : 2}', "a"],
    ['{"a\\"":1,"a\\"":2}', 'a"'],
    ['{"a":["x"],"a":1}', "a"],
  ])("finds the repeated key of %s", (json, expected) => {
    expect(duplicateKey(json)).toBe(expected);
  });

  it.each(['{"a":{"a":1},"b":"a"}', '[{"a":1},{"a":2}]', '{"a":"{\\"a\\":1,\\"a\\":2}"}', '{"a":["a","a"]}', '"a"'])(
    "finds none in %s",
    (json) => expect(duplicateKey(json)).toBeNull(),
  );

  it("finds none in what JSON.stringify writes, and the one that is added", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (value, pick) => {
        const json = JSON.stringify(value, null, pick % 3);
        expect(duplicateKey(json)).toBeNull();
        const key = Object.keys(value)[pick % Object.keys(value).length];
        expect(duplicateKey(`${json.trimEnd().slice(0, -1)},${JSON.stringify(key)}:0}`)).toBe(key);
      }),
    );
  });
});
