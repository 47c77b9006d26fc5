import { describe, expect, test } from "vitest";
import { UsageError } from "../foundation/errors.js";
import { boundaryArguments, type RawBoundaryOptions } from "./boundary-arguments.js";
import { boundarySize, demandBudget } from "./boundary-size.js";

/** The command's defaults. */
const raw: RawBoundaryOptions = {
  ...{ data: ["train.jsonl"], trainOn: "completion", heldOut: "256", maxExamples: "20000", batchTokens: "512" },
  ...{ action: "freeze", evidenceSeeds: "2", searchSeeds: "3", maxSeeds: "12", attempts: "3", passOver: "3" },
  ...{
    lr: "1e-3",
    seed: "1",
    steps: "50",
    margin: "0.5",
    confidence: "0.95",
    device: "cpu",
    backend: "auto",
    precision: "fp32",
  },
};
const parsed = (options: Partial<RawBoundaryOptions>) => boundaryArguments({ ...raw, ...options });

describe("the arguments of a boundary", () => {
  test("name actions once each", () => {
    expect(parsed({ action: "crystal:4, random,crystal,random" }).actions).toEqual([
      { kind: "crystal", rank: 4 },
      { kind: "random" },
      { kind: "crystal", rank: null },
    ]);
  });

  test("have seeds that run into no other confirmation's", () => {
    expect(parsed({ maxSeeds: "999", searchSeeds: "997", evidenceSeeds: "999" })).toMatchObject({
      ...{ maxSeeds: 999, searchSeeds: 997, evidenceSeeds: 999 },
    });
  });

  test.each([
    [{ action: "crystal:0" }, /Unknown action 'crystal:0'/],
    [{ action: " , " }, /--action names none/],
    [{ maxSeeds: "2" }, /--max-seeds is 2; it is at least 3/],
    [{ maxSeeds: "1000" }, /--max-seeds is 1000; it is at most 999: seeds from 1001, 2001, \.\.\. on/],
    [{ searchSeeds: "1" }, /--search-seeds is 1/],
    // Up to two more where it is close.
    [{ searchSeeds: "998" }, /--search-seeds is 998; it is at most 997/],
    [{ evidenceSeeds: "1000" }, /--evidence-seeds is 1000; it is at most 999/],
    [{ maxHours: "soon" }, /--max-hours is 'soon'; it is a positive number/],
    [{ passOver: "-1" }, /--pass-over is '-1'; it is a whole number of at least 0/],
  ])("%j is refused", (options, message) => {
    expect(() => parsed(options)).toThrow(message);
    expect(() => parsed(options)).toThrow(UsageError);
  });
});

describe("the size of a search", () => {
  // 32 matrices: 64 trials of evidence, six sizes and three looks, three of full and three of its confirmation.
  test("is at least evidence, curve and one look at a confirmation", () => {
    expect(boundarySize(32, 0, parsed({})).least).toBe(64 + 6 * 3 + 3 + 3 + 3);
    const several = parsed({ action: "freeze,random", lr: "auto" });
    expect(boundarySize(32, 2, several).least).toBe(5 + 3 + 6 + 3 + 2 * (64 + 18 + 3));
  });

  test("must fit the budget", () => {
    expect(() => demandBudget(32, parsed({ maxTrials: "91" }))).not.toThrow();
    expect(() => demandBudget(32, parsed({ maxTrials: "90" }))).toThrow(/take 91/);
  });
});
