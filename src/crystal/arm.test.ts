import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../foundation/errors.js";
import { armName, parseArm } from "./arm.js";

describe("arms", () => {
  test.each([
    ["full", { kind: "full" }],
    ["frozen", { kind: "frozen" }],
    ["shuffled", { kind: "shuffled" }],
    ["crystal", { kind: "crystal", rank: 1, trainable: false }],
    ["crystal:8", { kind: "crystal", rank: 8, trainable: false }],
    ["crystal:2:trainable", { kind: "crystal", rank: 2, trainable: true }],
    ["crystal:trainable", { kind: "crystal", rank: 1, trainable: true }],
    ["random", { kind: "random", scale: "trained", trainable: false }],
    ["random:init", { kind: "random", scale: "init", trainable: false }],
    ["random:trainable", { kind: "random", scale: "trained", trainable: true }],
    ["zero", { kind: "zero", trainable: false }],
    ["zero:trainable", { kind: "zero", trainable: true }],
  ])("%s is understood", (text, arm) => {
    expect(parseArm(text)).toEqual(arm);
    expect(parseArm(armName(parseArm(text)))).toEqual(arm);
  });

  test("has one spelling in records", () => {
    expect(armName(parseArm("crystal:1"))).toBe("crystal");
    expect(armName(parseArm("crystal:2"))).toBe("crystal:2");
  });

  test.each([
    "",
    "freeze",
    "crystal:0",
    "crystal:1.5",
    "crystal:-1",
    "crystal:x",
    "random:trained",
    "full:trainable",
    "zero:init",
    "random:init:trainable",
    "crystal:1:2",
  ])("'%s' is refused with what is accepted", (text) => {
    expect(() => parseArm(text)).toThrow(UsageError);
    expect(() => parseArm(text)).toThrow(/Accepted: full, frozen/);
  });

  test("no text makes it fail otherwise", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseArm(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
