import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import { sampleTrial } from "../../test/sample-trials.js";
import { writeRecord } from "../records/record-file.js";
import type { TestRecord } from "../records/test-record.js";
import type { TrialRecord } from "../records/trial-record.js";
import { judge } from "../statistics/verdict.js";
import { folderWarnings } from "./verdict-warnings.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deadweight-warnings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const name = "layers.0.self_attn.o_proj";
const parameters = 1000;

/** Three seeds of `full`, and of the matrix frozen and random; `held` is what an arm does not train. */
function trialsOf({ held = 100, loss = 2, damage = 0.5, arms = ["frozen", "random"] } = {}): TrialRecord[] {
  return [1, 2, 3].flatMap((seed) => {
    const after = loss * (1 + seed / 1000);
    const full = sampleTrial({ arm: "full", seed, loss: after });
    const other = sampleTrial({ arm: "full", seed, loss: after * 1.01, purpose: "aa" });
    return [
      { ...full, trainableParameters: parameters },
      { ...other, trainableParameters: parameters },
      sampleTrial({ arm: "random", seed, loss: after, purpose: "control", matrices: ["planted"] }),
      ...arms.map((arm) => ({
        ...sampleTrial({ arm, seed, loss: after, before: arm === "frozen" ? 4 : 4 + damage, matrices: [name] }),
        trainableParameters: parameters - held,
      })),
    ];
  });
}

const enough = [3000, 3000];
const warningsOf = (trials: readonly TrialRecord[], heldOutTokens: readonly number[] | undefined = enough) =>
  folderWarnings(folder, trials, judge(trials), heldOutTokens);

/** With another fact of its one target. */
function finished(
  change: Partial<TestRecord> = {},
  noiseLike: boolean | "absent" = false,
  record = sampleTestRecord(),
): void {
  const [target] = record.targets;
  const matrices = target.matrices.map(({ noiseLike: _, ...matrix }) =>
    noiseLike === "absent" ? matrix : { ...matrix, noiseLike },
  );
  writeRecord(join(folder, "test.json"), { ...record, ...change, targets: [{ ...target, matrices }] });
}

describe("verdicts that are judged again", () => {
  test("warn of what the run left out, or chose at the end of what it tried", () => {
    finished();
    const bare = trialsOf().filter(({ purpose }) => purpose !== "control");
    const { learningRate } = bare[0];
    const rate = (factor: number) => ({
      ...sampleTrial({ arm: "full", seed: 1, loss: 2, purpose: "learning-rate" }),
      ...{ key: `rate ${factor}`, learningRate: factor * learningRate },
    });
    expect(warningsOf([...bare, rate(0.5), rate(1)])).toEqual([
      expect.stringMatching(/^No control was run/),
      expect.stringMatching(/^The learning rate 0\.001 is the highest of those tried/),
    ]);
    expect(warningsOf([...trialsOf(), rate(1), rate(2)])).toEqual([]);
    rmSync(join(folder, "test.json"));
    expect(warningsOf(bare)[0]).toBe("No control has run yet, on what the test must find and must let pass.");
  });

  test("have no warning where the record of the test gives no reason", () => {
    finished();
    expect(warningsOf(trialsOf())).toEqual([]);
  });

  test("warn of a matrix like noise, of too few tokens, of what is negligible", () => {
    finished({ model: { ...sampleTestRecord().model, parameters: 1e9 } }, true);
    expect(warningsOf(trialsOf(), [100, 200])).toEqual([
      expect.stringMatching(/have 300 scored tokens/),
      expect.stringMatching(/^layers\.0\.self_attn\.o_proj: cannot be told from i\.i\.d\. noise/),
      expect.stringMatching(/^layers\.0\.self_attn\.o_proj: less than 0\.1% of the parameters/),
    ]);
  });

  test("warn of a small loss, and of a replacement that did less damage than the floor", () => {
    finished();
    // `full` on another order ends 1% higher, 0.02 nats.
    expect(warningsOf(trialsOf({ damage: 0.015 }))).toEqual([expect.stringMatching(/^layers.*: replacing it changes/)]);
    expect(warningsOf(trialsOf({ loss: 0.01 }))).toEqual([expect.stringMatching(/ends at 0\.010 nats/)]);
  });

  test("take the number of tokens from the record where the data are gone", () => {
    finished({ data: { ...sampleTestRecord().data, scoredTokens: { training: 1e6, heldOut: 77 } } });
    const trials = trialsOf();
    expect(folderWarnings(folder, trials, judge(trials), undefined)[0]).toMatch(/have 77 scored tokens/);
  });

  test("repeat what an older record tells of noise in a sentence", () => {
    const older = olderTestRecord();
    const told = `${name}: cannot be told from i.i.d. noise by its spectrum. A matrix near its initialisation.`;
    finished({ verdicts: { ...older.verdicts, warnings: ["Another.", told] } }, "absent", older);
    expect(warningsOf(trialsOf())).toEqual([told]);
    finished({}, "absent", older);
    expect(warningsOf(trialsOf())).toEqual([]);
  });
});

describe("verdicts of a test that was not finished", () => {
  const noSpectrum = expect.stringMatching(/^layers\.0\.self_attn\.o_proj: no spectrum is on record here/);

  test("know the share of the parameters from what an arm does not train", () => {
    expect(warningsOf(trialsOf())).toEqual([noSpectrum]);
    expect(warningsOf(trialsOf({ held: 0.5 }))).toEqual([expect.stringMatching(/less than 0\.1%/), noSpectrum]);
  });

  test("say what cannot be known", () => {
    const trials = trialsOf({ arms: ["random:trainable"] });
    expect(folderWarnings(folder, trials, judge(trials), undefined)).toEqual([
      expect.stringMatching(/scored tokens of the held-out examples are not on record/),
      expect.stringMatching(/^layers\.0\.self_attn\.o_proj: the share of the parameters is not on record/),
      noSpectrum,
    ]);
  });

  test("know nothing from trials that ended early", () => {
    const [full, ...others] = trialsOf();
    const broken = others.map((trial) =>
      trial.arm === "full"
        ? trial
        : { ...trial, outcome: { kind: "failed", reason: "r" } as const, trainableParameters: 0 },
    );
    expect(warningsOf([full, ...broken])).toContainEqual(expect.stringMatching(/share of the parameters is not/));
  });
});
