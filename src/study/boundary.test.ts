import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { TrialSetting, TrialSpec } from "../crystal/trial-spec.js";
import type { TaskRunner } from "../dispatch/task.js";
import type { TrialWork } from "../dispatch/trial-task.js";
import { InputError, InterruptedError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { version } from "../foundation/version.js";
import { type AttemptRecord, attemptRecord } from "../records/attempt-record.js";
import { boundaryRecord } from "../records/boundary-record.js";
import { readRecordLines, writeRecord } from "../records/record-file.js";
import { openRunFolder } from "../records/run-folder.js";
import { type BoundaryOptions, findBoundary } from "./boundary.js";
import type { Candidate } from "./boundary-order.js";
import { boundaryPlan, boundarySummary } from "./boundary-summary.js";

const root = mkdtempSync(join(tmpdir(), "deadweight-boundary-"));
afterAll(() => rmSync(root, { recursive: true }));

const setting: TrialSetting = {
  ...{ model: "m", data: "d", rows: 1, length: 8, slots: 4, rowsAtOnce: 1, keptTrainers: 1, plantedGate: 0 },
  ...{ evaluateEvery: 1, device: "cpu", threads: 1 },
};
const candidates: Candidate[] = Array.from({ length: 12 }, (_, index) => ({
  ...{ name: `layers.${index}.w`, layer: index, role: "w", rows: 8, cols: 8 },
}));
const savings = {
  ...{ parameters: 1000, effectiveParameters: 900, bytes: 4000, effectiveBytes: 3600, trainableParameters: 1000 },
  ...{ trainableLeft: 900, trainingBytes: 16000, trainingBytesLeft: 15000, stepFlops: 10, stepFlopsLeft: 9 },
};

interface World {
  /** Percent, by the matrices of a set. */
  readonly cost: (matrices: readonly string[], spec: TrialSpec) => number;
  readonly deviation: number;
}

/** A machine whose trials cost what the world says, with noise of the seed and set; counts what it ran. */
function machine(
  { cost, deviation }: World,
  before?: (spec: TrialSpec) => void,
): { runner: TaskRunner; ran: string[] } {
  const ran: string[] = [];
  const runner: TaskRunner = {
    async run(_module, args) {
      const { work } = args as { work: TrialWork };
      if (work.kind === "losses before")
        return work.specs.map((spec) => [spec.key, spec.arm === "crystal:4" || spec.arm === "full" ? 3 : 4]);
      if (work.kind !== "trial") throw new Error("not asked for");
      const { spec } = work;
      before?.(spec);
      ran.push(spec.key);
      const noise = spec.arm === "full" ? 0 : deviation * randomStream(spec.seed, spec.key).normal();
      const percent = spec.arm === "full" ? 0 : cost(spec.matrices, spec) + noise;
      const after = 2 * (1 + percent / 100);
      return {
        ...{ schema: "deadweight/trial@1", version, ...spec, trainableParameters: 1, wallSeconds: 36 },
        outcome: {
          ...{ kind: "finished", heldOutLossBefore: 3, heldOutLossAfter: after, trainLossFirst: 3, trainLossLast: 2 },
          ...{ curve: [0, spec.steps].map((step) => [step, step === 0 ? 3 : after]) },
          ...{ heldOutLossPerExample: [], frozenSha256: {} },
        },
      };
    },
    async close() {},
  };
  return { runner, ran };
}

let folders = 0;
function optionsFor(runner: TaskRunner, more: Partial<BoundaryOptions> = {}): BoundaryOptions {
  const folder = openRunFolder(join(root, String(folders++)), {
    ...{ schema: "deadweight/run@1", version, command: "boundary", configuration: {}, inputs: {}, startedAt: "" },
    machine: { platform: "", arch: "", cpu: "", logicalCores: 1, memoryBytes: 1, node: "" },
  });
  return {
    ...{ folder, setting, runners: [runner], candidates, actions: [{ kind: "random" }], groups: [] },
    seeds: { evidence: 2, search: 3, searchMost: 5 },
    looks: { first: 3, last: 12 },
    ...{
      attempts: 3,
      mostPassedOver: 3,
      budget: { trials: null, hours: null },
      steps: 50,
      learningRate: 1e-3,
      seed: 1,
    },
    ...{ margin: 0.5, confidence: 0.95, signal: new AbortController().signal },
    ...{ onProgress: () => {}, onNote: () => {} },
    ...more,
  };
}

const facts = {
  model: {
    ...{ source: "m", sha256: "abc", architecture: "llama", parameters: 1000, contextLength: 8, vocabularySize: 9 },
  },
  data: {
    ...{ sources: ["d"], evalSources: [], format: "text", chatTemplate: null, trainOn: "all" as const, maxLength: 8 },
    examples: { training: 10, heldOut: 5, calibrationTraining: 0, calibrationHeldOut: 0 },
    scoredTokens: { training: 1e5, heldOut: 1e4 },
    rows: { read: 10, truncated: 0, withoutScored: 0, repeated: 0, beyond: 0 },
    confirmation: [5, 5, 5],
  },
  batch: { rows: 1, length: 8, slots: 4, rowsAtOnce: 1, scoredTokensPerStep: 4 },
  savingsOf: () => savings,
  printed: new Map(),
};

const vital = new Set(["layers.2.w", "layers.7.w"]);
const vitalCost = (matrices: readonly string[]) => matrices.filter((name) => vital.has(name)).length * 4;

describe("the boundary", () => {
  test("holds the dead matrices and none of the vital ones, and its plan says so", async () => {
    const { runner } = machine({ cost: vitalCost, deviation: 0.15 });
    const options = optionsFor(runner);
    const found = await findBoundary(options);
    const record = boundarySummary(facts, options, found);
    const [action] = record.actions;
    expect(action.confirmed).toBe(0);
    const names = action.attempts[0].matrices.map(({ name }) => name);
    expect([...names].sort()).toEqual(
      candidates
        .map(({ name }) => name)
        .filter((name) => !vital.has(name))
        .sort(),
    );
    // Fresh seeds, of which the search had none.
    expect(Math.min(...action.attempts[0].seeds)).toBeGreaterThan(1000);
    const plan = boundaryPlan(record, candidates, found.actions[0])!;
    expect(plan.matrices).toHaveLength(10);
    expect(plan.matrices[0]).toMatchObject({ action: "random", seed: 1001 });
    expect(plan.effectiveParameters).toBe(1000 - 640);
    expect(plan.evidence).toMatchObject({ confirmed: true, margin: 0.5 });
  });

  test("shrinks a set that fails on fresh data, and confirms the smaller one on others", async () => {
    // What held in the search costs 2% on the first part of the confirmation, as it would after a lucky choice.
    const cost = (matrices: readonly string[], { purpose, part }: TrialSpec) =>
      purpose === "confirmation" && part === 0 && matrices.length > 8 ? 2 : 0;
    const { runner } = machine({ cost, deviation: 0.1 });
    const options = optionsFor(runner);
    const { attempts } = (await findBoundary(options)).actions[0];
    expect(attempts.map(({ result, part }) => [result, part])).toEqual([
      ["failed", 0],
      ["confirmed", 1],
    ]);
    expect(attempts[1].set.length).toBeLessThanOrEqual(attempts[0].set.length * 0.75);
    const seeds = attempts.map(({ deltas }) => deltas.map(([seed]) => seed));
    expect(seeds[0].some((seed) => seeds[1].includes(seed))).toBe(false);
    // Three attempts share 5%.
    expect(attempts[0].confidence).toBeCloseTo(1 - 0.05 / 3, 12);
  });

  test("gives an attempt up whose mean lies beyond the margin, without calling it shown worse", async () => {
    const cost = (_: readonly string[], { purpose, part }: TrialSpec) =>
      purpose === "confirmation" && part === 0 ? 0.6 : 0;
    const { runner } = machine({ cost, deviation: 0.3 });
    const { attempts } = (await findBoundary(optionsFor(runner, { seeds: { evidence: 1, search: 3, searchMost: 3 } })))
      .actions[0];
    expect(attempts[0].result).toBe("undecided");
    expect(attempts[0].deltas.length).toBeGreaterThanOrEqual(5);
    expect(attempts[0].deltas.length).toBeLessThan(12);
    expect(attempts[1].result).toBe("confirmed");
  });

  test("confirms nothing where everything is needed", async () => {
    const { runner } = machine({ cost: () => 5, deviation: 0.1 });
    const options = optionsFor(runner);
    const found = await findBoundary(options);
    const record = boundarySummary(facts, options, found);
    expect(record.actions[0]).toMatchObject({ held: [], attempts: [], confirmed: null, savings: null });
    expect(boundaryPlan(record, candidates, found.actions[0])).toBeNull();
  });

  test("is the same when it is interrupted and continued, and runs nothing twice", async () => {
    const first = machine({ cost: vitalCost, deviation: 0.2 });
    const options = optionsFor(first.runner);
    const whole = boundarySummary(facts, options, await findBoundary(options));
    const again = machine({ cost: vitalCost, deviation: 0.2 });
    const repeated = { ...options, runners: [again.runner] };
    expect(boundarySummary(facts, repeated, await findBoundary(repeated))).toEqual(whole);
    expect(again.ran).toEqual([]);
    expect(new Set(first.ran).size).toBe(first.ran.length);
  });

  test("stays within its budget, of trials and of hours", async () => {
    for (const budget of [
      { trials: 70, hours: null },
      { trials: null, hours: 0.7 },
    ]) {
      const { runner, ran } = machine({ cost: (matrices) => matrices.length * 0.07, deviation: 0.3 });
      const { actions } = await findBoundary(optionsFor(runner, { budget }));
      expect(ran.length).toBeLessThanOrEqual(70);
      expect(actions[0].trials).toBe(ran.length);
    }
  });

  test("gives each matrix the cheapest action that holds alone, crystal at a rank from the ladder", async () => {
    const needed = new Map([
      ["layers.0.w", 2],
      ["layers.1.w", 1],
    ]);
    // Random values cost what needs more than nothing, the low rank what needs more than that.
    const cost = (matrices: readonly string[], { arm, arms }: TrialSpec) =>
      matrices.reduce((sum, name, index) => {
        const own = arms?.[index] ?? arm;
        const kept = own === "frozen" ? 2 : own.startsWith("crystal") ? 1 : 0;
        return sum + ((needed.get(name) ?? 0) > kept ? 3 : 0);
      }, 0);
    const { runner } = machine({ cost, deviation: 0.05 });
    const large = candidates.map((candidate) => ({ ...candidate, rows: 64, cols: 64 }));
    const options = optionsFor(runner, { actions: [{ kind: "cheapest" }], candidates: large });
    const found = await findBoundary(options);
    const arms = new Map(
      boundarySummary(facts, options, found).actions[0].attempts[0].matrices.map(({ name, arm }) => [name, arm]),
    );
    expect(arms.get("layers.0.w")).toBe("frozen");
    expect(arms.get("layers.1.w")).toBe("crystal:4");
    expect(arms.get("layers.5.w")).toBe("random");
    expect(arms.size).toBe(12);
  });

  test("measures the sets that are asked for beside", async () => {
    const { runner } = machine({ cost: vitalCost, deviation: 0 });
    const groups = [{ label: "two", matrices: ["layers.2.w", "layers.3.w"] }];
    const options = optionsFor(runner, { groups });
    const record = boundarySummary(
      { ...facts, printed: new Map([["two", 5.3]]) },
      options,
      await findBoundary(options),
    );
    expect(record.groups).toMatchObject([{ label: "two", parameters: 128, printed: 5.3 }]);
    expect(record.groups![0].deltaPercent.mean).toBeCloseTo(4, 9);
  });
});

describe("a folder that is searched again", () => {
  /** All matrices hold in the search; on the first held-out part every set costs too much. */
  const unlucky: World = {
    cost: (_, { purpose, part }) => (purpose === "confirmation" && part === 0 ? 2 : 0),
    deviation: 0.1,
  };
  const confirmations = (ran: readonly string[]) => ran.filter((key) => key.startsWith("confirmation"));
  const searched = async (options: BoundaryOptions) => {
    const found = await findBoundary(options);
    return { ...found.actions[0], record: boundarySummary(facts, options, found).actions[0] };
  };
  /** The same folder, another sitting. */
  const sitting = (options: BoundaryOptions, more: Partial<BoundaryOptions> = {}, world = unlucky) => {
    const { runner, ran } = machine(world);
    const notes: string[] = [];
    const onNote = (text: string) => void notes.push(text);
    return { options: { ...options, runners: [runner], onNote, ...more }, ran, notes };
  };
  const fewer = (count: number) => ({ candidates: candidates.slice(0, count) });

  test("confirms another set on the next held-out part and seeds, until none is left", async () => {
    const options = optionsFor(machine(unlucky).runner);
    const first = await searched(options);
    expect(first.attempts.map(({ part, result }) => [part, result])).toEqual([
      [0, "failed"],
      [1, "confirmed"],
    ]);
    expect(first.record).toMatchObject({ earlierParts: [], withoutPart: [] });

    const second = sitting(options, fewer(10));
    const { attempts, record } = await searched(second.options);
    expect(attempts.map(({ set, part, result }) => [set.length, part, result])).toEqual([[10, 2, "confirmed"]]);
    expect(record).toMatchObject({ earlierParts: [1, 2], withoutPart: [] });
    expect(Math.min(...record.attempts[0].seeds)).toBe(3001);
    // One of three, whichever search makes it.
    expect(attempts[0].confidence).toBeCloseTo(1 - 0.05 / 3, 12);
    expect(second.notes).toEqual([]);

    const third = sitting(options, fewer(11));
    const left = await searched(third.options);
    expect(left.attempts).toEqual([]);
    expect(left.record).toMatchObject({ confirmed: null, earlierParts: [1, 2, 3] });
    expect(left.record.withoutPart).toHaveLength(11);
    expect(confirmations(third.ran)).toEqual([]);
    expect(third.notes).toEqual([
      "random: no held-out part is left to confirm a set of 11 on; earlier searches of this folder took 3 of 3. A new --out with another --seed draws others.",
    ]);

    // The first command once more comes to what it came to.
    const again = sitting(options);
    expect((await searched(again.options)).attempts).toEqual(first.attempts);
    expect(again.ran).toEqual([]);
  });

  test("has the attempts that a search leaves over, whatever it used them for", async () => {
    const options = optionsFor(machine(unlucky).runner);
    await searched(options);
    const bad: World = { ...unlucky, cost: (_, { purpose }) => (purpose === "confirmation" ? 2 : 0) };
    const second = sitting(options, fewer(10), bad);
    const { attempts, withoutPart } = await searched(second.options);
    expect(attempts.map(({ part, result }) => [part, result])).toEqual([[2, "failed"]]);
    expect(withoutPart.length).toBeGreaterThan(0);
    expect(second.notes).toEqual([expect.stringContaining("took 2 of 3")]);
    // All three in one search are no matter for a note.
    const alone = sitting(optionsFor(machine(bad).runner), {}, bad);
    expect((await searched(alone.options)).attempts.map(({ part }) => part)).toEqual([0, 1, 2]);
    expect(alone.notes).toEqual([]);
  });

  test("gives each action parts of its own", async () => {
    const options = optionsFor(machine(unlucky).runner);
    await searched(options);
    const { attempts } = await searched(sitting(options, { actions: [{ kind: "freeze" }] }).options);
    expect(attempts.map(({ part }) => part)).toEqual([0, 1]);
  });

  test("has a set on record before its first trial, so that an interrupted attempt is used too", async () => {
    const whole = await searched(optionsFor(machine(unlucky).runner));
    const seen: { asked: TrialSpec; recorded: AttemptRecord[] }[] = [];
    const options: BoundaryOptions = optionsFor(
      machine(unlucky, (asked) => {
        if (asked.purpose !== "confirmation") return;
        seen.push({ asked, recorded: readRecordLines(options.folder.file("attempts.jsonl"), attemptRecord) });
        if (seen.length === 4) throw new InterruptedError("Stopped.");
      }).runner,
    );
    await expect(findBoundary(options)).rejects.toThrow(InterruptedError);
    expect(seen).toHaveLength(4);
    for (const { asked, recorded } of seen) {
      expect(recorded).toMatchObject([{ action: "random", part: asked.part }]);
      if (asked.arm !== "full") expect(recorded[0].matrices.map(({ name }) => name)).toEqual(asked.matrices);
    }
    expect((await searched(sitting(options, fewer(10)).options)).attempts.map(({ part }) => part)).toEqual([1]);
    const continued = await searched(sitting(options).options);
    expect(continued.attempts[0]).toEqual(whole.attempts[0]);
    expect(continued.attempts[1].part).toBe(2);
  });

  test("tells a damaged record of the attempts before it runs a trial", async () => {
    const options = optionsFor(machine(unlucky).runner);
    await searched(options);
    const path = options.folder.file("attempts.jsonl");
    appendFileSync(path, "{}\n");
    const { options: second, ran } = sitting(options, fewer(10));
    await expect(findBoundary(second)).rejects.toThrow(InputError);
    await expect(findBoundary(second)).rejects.toThrow(`${path}:3: schema`);
    expect(ran).toEqual([]);
  });

  test("counts the attempts of its boundary.json, where it is of before attempts were recorded", async () => {
    const options = optionsFor(machine(unlucky).runner);
    const record = boundarySummary(facts, options, await findBoundary(options));
    const path = options.folder.file("attempts.jsonl");
    const written = readFileSync(path, "utf8");
    rmSync(path);
    writeRecord(options.folder.file("boundary.json"), boundaryRecord.parse(record));
    const second = await searched(sitting(options, fewer(10)).options);
    expect(second.attempts.map(({ part }) => part)).toEqual([2]);
    expect(readFileSync(path, "utf8").startsWith(written)).toBe(true);
    const confirmedNothing = optionsFor(machine({ cost: () => 5, deviation: 0.1 }).runner);
    await findBoundary(confirmedNothing);
    expect(existsSync(confirmedNothing.folder.file("attempts.jsonl"))).toBe(false);
  });

  test("comes to the same with any number of jobs", async () => {
    // Beyond the margin in the mean of five seeds, and not of seven; the smaller set is confirmed at the third.
    const costs = [0.2, 0.7, 0.6, 0.4, 0.65, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
    const cost = (_: readonly string[], { purpose, part, seed }: TrialSpec) =>
      purpose !== "confirmation" ? 0 : part === 0 ? costs[seed - 1001] : 0.01 * (seed % 3);
    const world: World = { cost, deviation: 0 };
    const withJobs = (jobs: number) => ({ runners: Array.from({ length: jobs }, () => machine(world).runner) });
    const folder = optionsFor(machine(world).runner);
    const { attempts } = await searched(folder);
    expect(attempts.map(({ deltas, result }) => [deltas.length, result])).toEqual([
      [5, "undecided"],
      [3, "confirmed"],
    ]);
    expect(attempts[0].interval.mean).toBeCloseTo(0.51, 9);
    for (const jobs of [4, 8]) {
      expect((await searched({ ...folder, ...withJobs(jobs) })).attempts).toEqual(attempts);
      const fresh = optionsFor(machine(world).runner, withJobs(jobs));
      expect((await searched(fresh)).attempts).toEqual(attempts);
      expect((await searched({ ...fresh, ...withJobs(1) })).attempts).toEqual(attempts);
    }
  });
});
