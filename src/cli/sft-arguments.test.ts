/** @file What the options of `deadweight sft` mean, and which contradict each other. */
import { describe, expect, test } from "vitest";
import { UsageError } from "../foundation/errors.js";
import { type RawSftOptions, sftArguments, sftConfiguration } from "./sft-arguments.js";

const given: RawSftOptions = {
  ...{ data: ["a.jsonl"], trainOn: "completion", heldOut: "256", maxExamples: "1000", batchTokens: "512" },
  ...{
    lr: "auto",
    seed: "1",
    device: "cpu",
    backend: "auto",
    precision: "fp32",
    schedule: "cosine",
    warmup: "0.1",
    weightDecay: "0.1",
    clip: "1",
  },
  ...{ keep: "both", dtype: "source" },
};
const parsed = (more: Partial<RawSftOptions> = {}) => sftArguments({ ...given, ...more });

describe("the arguments of sft", () => {
  test("train for one epoch and compare nothing where nothing is said", () => {
    expect(parsed()).toMatchObject({
      ...{ plan: null, progressive: null, length: { kind: "epochs", epochs: 1 }, comparedSeeds: 0 },
      ...{ learningRate: null, evaluateEvery: null, gradientClip: 1, warmup: 0.1, cacheBytes: null, keep: "both" },
    });
  });

  test("take what is given", () => {
    expect(parsed({ steps: "40", clip: "0", warmup: "0", cacheMemory: "500MB", weightDecay: "0" })).toMatchObject({
      ...{ length: { kind: "steps", steps: 40 }, gradientClip: null, warmup: 0, cacheBytes: 5e8, weightDecay: 0 },
    });
    const rule = { freeze: "matrices", freezeEvery: "20", freezeThreshold: "0.3", freezeMost: "1" } as const;
    expect(parsed({ progressive: true, ...rule, freezeTolerance: "0", compare: true, seeds: "3" })).toMatchObject({
      progressive: { what: "matrices", every: 20, threshold: 0.3, most: 1, tolerance: 0 },
      comparedSeeds: 3,
    });
    expect(parsed({ plan: "plan.json", compare: true }).comparedSeeds).toBe(1);
  });

  test.each<[Partial<RawSftOptions>, RegExp]>([
    [{ steps: "10", epochs: "2" }, /--epochs 2 and --steps 10 contradict each other/],
    [{ epochs: "0" }, /--epochs is '0'; it is a positive number/],
    [{ steps: "1.5" }, /--steps is '1.5'/],
    [{ warmup: "1" }, /--warmup is '1'; it is a share from 0 to below 1/],
    [{ clip: "-1" }, /--clip is '-1'; it is a number of at least 0/],
    [{ weightDecay: "x" }, /--weight-decay is 'x'/],
    [{ freezeEvery: "10" }, /--freeze-every says how to freeze along the way; give --progressive too/],
    [{ progressive: true, freezeMost: "1.1" }, /--freeze-most is '1.1'; it is a share from 0 to 1/],
    [{ compare: true }, /Give --plan or --progressive/],
    [{ progressive: true, seeds: "3" }, /--seeds 3 is of the comparison; give --compare too/],
    [{ cacheMemory: "much" }, /--cache-memory is 'much'; it is a size such as/],
    [{ evaluateEvery: "0" }, /--evaluate-every is '0'/],
  ])("refuse %j", (more, message) => {
    expect(() => parsed(more)).toThrow(UsageError);
    expect(() => parsed(more)).toThrow(message);
  });

  test("identify a run without its comparison and its memory", () => {
    const one = sftConfiguration(parsed({ plan: "p" }));
    expect(
      sftConfiguration(parsed({ plan: "p", compare: true, seeds: "4", cacheMemory: "1GB", threads: "2" })),
    ).toEqual(one);
    expect(sftConfiguration(parsed({ plan: "p", warmup: "0.2" }))).not.toEqual(one);
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
  });
});
