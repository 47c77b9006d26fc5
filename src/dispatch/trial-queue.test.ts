import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeTrialSpec, type TrialSetting, type TrialSpec } from "../crystal/trial-spec.js";
import { InterruptedError, WorkerError } from "../foundation/errors.js";
import type { TaskRunner } from "./task.js";
import { fractionDone, runTrials, type TrialProgress } from "./trial-queue.js";
import type { TrialWork } from "./trial-task.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-queue-"));
afterAll(() => rmSync(folder, { recursive: true }));
let file = 0;
const freshPath = () => join(folder, `${file++}.jsonl`);

const setting: TrialSetting = {
  model: "m",
  data: "d",
  rows: 1,
  length: 8,
  slots: 4,
  rowsAtOnce: 1,
  keptTrainers: 1,
  plantedGate: 0,
  evaluateEvery: 1,
  device: "cpu",
  threads: 1,
};
const specs = Array.from({ length: 6 }, (_, index) =>
  makeTrialSpec({ kind: "full" }, [], { seed: index, purpose: "sft", steps: 1, learningRate: 0.1 }),
);

/** Answers after a turn of the event loop; `act` may throw in its place. */
function runner(ran: string[], act: (spec: TrialSpec) => void = () => {}): TaskRunner {
  return {
    async run(_module, args) {
      const { spec } = (args as { work: Extract<TrialWork, { kind: "trial" }> }).work;
      await new Promise((resolve) => setImmediate(resolve));
      act(spec);
      ran.push(spec.key);
      return {
        schema: "deadweight/trial@1",
        version: "0",
        ...spec,
        outcome: { kind: "diverged", step: spec.seed },
        trainableParameters: 1,
        wallSeconds: 0,
      };
    },
    async close() {},
  };
}

const lines = (path: string) => readFileSync(path, "utf8").trim().split("\n");

describe("a queue of trials", () => {
  test("gives one record a spec, in their order, whoever ran them", async () => {
    const ran: string[] = [];
    const path = freshPath();
    const records = await runTrials(specs, { setting, path, runners: [runner(ran), runner(ran)] });
    expect(records.map(({ seed }) => seed)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ran.sort()).toEqual(specs.map(({ key }) => key).sort());
    expect(lines(path)).toHaveLength(6);
  });

  test("continues where it was interrupted, and repeats nothing", async () => {
    const path = freshPath();
    const stop = (spec: TrialSpec) => {
      if (spec.seed === 3) throw new InterruptedError("Stopped.");
    };
    await expect(runTrials(specs, { setting, path, runners: [runner([], stop)] })).rejects.toThrow(InterruptedError);
    expect(lines(path)).toHaveLength(3);
    const ran: string[] = [];
    const records = await runTrials(specs, { setting, path, runners: [runner(ran)] });
    expect(ran).toEqual(specs.slice(3).map(({ key }) => key));
    expect(records).toHaveLength(6);
  });

  test("records a crash as failed, goes on, and tries it again the next time", async () => {
    const path = freshPath();
    const crash = (spec: TrialSpec) => {
      if (spec.seed === 2) throw new WorkerError("The worker process ended early.");
    };
    const records = await runTrials(specs, { setting, path, runners: [runner([], crash)] });
    expect(records[2].outcome).toEqual({ kind: "failed", reason: "The worker process ended early." });
    expect(records.filter(({ outcome }) => outcome.kind === "diverged")).toHaveLength(5);
    const ran: string[] = [];
    const again = await runTrials(specs, { setting, path, runners: [runner(ran)] });
    expect(ran).toEqual([specs[2].key]);
    expect(again[2].outcome.kind).toBe("diverged");
  });

  test("tries a trial once more where its worker died", async () => {
    let deaths = 0;
    const dieOnce = (spec: TrialSpec) => {
      if (spec.seed === 2 && deaths++ === 0) throw new WorkerError("The worker process ended early.");
    };
    const path = freshPath();
    const records = await runTrials(specs, { setting, path, runners: [runner([], dieOnce)] });
    expect(records.map(({ outcome }) => outcome.kind)).toEqual(Array(6).fill("diverged"));
    expect(deaths).toBe(2);
    expect(lines(path)).toHaveLength(6);
  });

  test("tells what is under way on every runner", async () => {
    const seen: TrialProgress[] = [];
    const onProgress = (progress: TrialProgress) => seen.push(progress);
    await runTrials(specs, { setting, path: freshPath(), runners: [runner([]), runner([])], onProgress });
    expect(Math.max(...seen.map(({ running }) => running.length))).toBe(2);
    expect(seen.at(-1)).toEqual({ done: 6, total: 6, running: [] });
    expect(fractionDone(seen.at(-1)!)).toBe(1);
    expect(fractionDone({ done: 1, total: 4, running: [{ key: "a", step: 5, steps: 10, loss: 1 }] })).toBe(0.375);
  });

  test("hands out nothing more after a fatal error, and waits for what is under way", async () => {
    const path = freshPath();
    const ran: string[] = [];
    const stop = () => {
      throw new InterruptedError("Stopped.");
    };
    await expect(runTrials(specs, { setting, path, runners: [runner(ran), runner([], stop)] })).rejects.toThrow(
      "Stopped.",
    );
    // The first runner may have taken one more before the second failed.
    expect(ran.length).toBeLessThan(3);
    expect(lines(path)).toHaveLength(ran.length);
  });
});
