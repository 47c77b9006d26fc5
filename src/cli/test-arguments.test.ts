import { describe, expect, test } from "vitest";
import { UsageError } from "../foundation/errors.js";
import { type RawTestOptions, testArguments } from "./test-arguments.js";

/** The command's defaults. */
const raw: RawTestOptions = {
  ...{ data: ["train.jsonl"], trainOn: "completion", heldOut: "256", maxExamples: "20000" },
  ...{
    arms: "frozen,crystal,random",
    seeds: "auto",

    steps: "50",
    lr: "auto",
    batchTokens: "512",
    seed: "1",
  },
  ...{ margin: "0.5", confidence: "0.95", device: "cpu", backend: "auto", precision: "fp32" },
};
const parsed = (options: Partial<RawTestOptions>) => testArguments({ ...raw, ...options });

describe("the arguments of a test", () => {
  test("have defaults that are left open where the machine or the model decides", () => {
    expect(testArguments(raw)).toMatchObject({
      ...{
        seeds: null,
        maxSeeds: 20,
        controls: true,
        steps: 50,
        learningRate: null,
        margin: 0.5,
        confidence: 0.95,
        seed: 1,
        matrices: [],
        evalData: [],
      },
      ...{
        backend: "auto",
        precision: "fp32",
        maxLength: null,
        threads: null,
        jobs: null,
        memoryBytes: null,
        out: null,
        together: false,
        dryRun: false,
      },
    });
  });

  test("name each arm once, and full not at all, since it always runs", () => {
    expect(parsed({ arms: " full, crystal:1 ,crystal, random:init," }).arms).toEqual([
      { kind: "crystal", rank: 1, trainable: false },
      { kind: "random", scale: "init", trainable: false },
    ]);
  });

  test.each([
    ["12", 12e9],
    ["12GB", 12e9],
    ["800MB", 800e6],
    ["1.5 GiB", 1.5 * 2 ** 30],
    ["64MiB", 64 * 2 ** 20],
    ["3g", 3e9],
  ])("take a memory of %s", (memory, bytes) => {
    expect(parsed({ memory }).memoryBytes).toBe(bytes);
  });

  test.each([
    ["1", 1],
    ["4", 1],
    ["50", 10],
    ["33", 7],
  ])("measure %s steps every %i", (steps, every) => {
    expect(parsed({ steps }).evaluateEvery).toBe(every);
  });

  test.each<[Partial<RawTestOptions>, RegExp]>([
    [{ seeds: "0" }, /--seeds is '0'; it is a whole number of at least 1/],
    [{ steps: "2.5" }, /--steps is '2\.5'/],
    [{ lr: "0" }, /--lr is '0'; it is a positive number/],
    [{ lr: "fast" }, /--lr is 'fast'/],
    [{ margin: "-1" }, /--margin is '-1'/],
    [{ confidence: "95" }, /--confidence is '95'; it lies between 0 and 1, e\.g\. 0\.95/],
    [{ seed: "-3" }, /--seed is '-3'; it is a whole number of at least 0/],
    [{ arms: "full" }, /--arms names none besides full/],
    [{ arms: "warm" }, /Unknown arm 'warm'/],
    [{ memory: "12TB" }, /--memory is '12TB'; it is a size such as 12GB or 800MB/],
    [{ jobs: "0" }, /--jobs is '0'/],
    [{ maxLength: "x" }, /--max-length is 'x'/],
  ])("refuse %j", (options, message) => {
    expect(() => parsed(options)).toThrow(UsageError);
    expect(() => parsed(options)).toThrow(message);
  });
});

test("--max-seeds belongs to --seeds auto, and reaches the first look", () => {
  expect(parsed({ maxSeeds: "8" }).maxSeeds).toBe(8);
  expect(() => parsed({ maxSeeds: "2" })).toThrow(/at least 3/);
  expect(() => parsed({ seeds: "5", maxSeeds: "8" })).toThrow(/contradict each other/);
});
