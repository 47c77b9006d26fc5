import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sampleTrial } from "../../test/sample-trials.js";
import type { TrialRecord } from "./trial-record.js";
import { readTrials } from "./trials-file.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-trials-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "trials.jsonl");
function written(...trials: TrialRecord[]): string {
  writeFileSync(path, `\n${trials.map((trial) => JSON.stringify(trial)).join("\n")}\n`);
  return path;
}

const finished = (loss: number, changed: Partial<TrialRecord> = {}): TrialRecord => ({
  ...sampleTrial({ arm: "random", seed: 1, loss }),
  ...changed,
});

const failed = finished(2, { outcome: { kind: "failed", reason: "killed" } });

describe("the trials of a folder", () => {
  test("are one for each key: a repetition supersedes a failure, and the same result twice is none", () => {
    expect(readTrials(join(folder, "absent"))).toEqual([]);
    expect(readTrials(written(failed, finished(2), finished(2)))).toEqual([finished(2)]);
  });

  test("of another setting under the same key are the newer ones", () => {
    const other = finished(3, { steps: finished(2).steps + 1 });
    expect(readTrials(written(finished(2), other))).toEqual([other]);
  });

  test("that contradict themselves or a line before are named by line and reason", () => {
    const edited = finished(2);
    if (edited.outcome.kind !== "finished") throw new Error("not finished");
    edited.outcome.heldOutLossAfter = 1.9;
    expect(() => readTrials(written(failed, edited))).toThrow(
      /trials\.jsonl:3: '.*': heldOutLossAfter is 1\.9, and its curve ends at 2\. Restore the line/,
    );
    edited.outcome.curve = [];
    expect(() => readTrials(written(edited))).toThrow(/trials\.jsonl:2: .* has no points/);
    expect(() => readTrials(written(finished(2), finished(2.5)))).toThrow(
      /trials\.jsonl:3: '.*' went from .* to 2\.5 nats here, and from .* to 2 in a line before\. Keep one/,
    );
    expect(() => readTrials(written(failed, { ...failed, seed: 1.5 }))).toThrow(/trials\.jsonl:3: .*seed/);
  });
});
