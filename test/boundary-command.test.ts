/** @file `deadweight boundary` as built, from a model's folder and a data file to a plan. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boundaryMarginRecord } from "../src/records/boundary-margin-record.js";
import { boundaryRecord } from "../src/records/boundary-record.js";
import { effectiveParameters } from "../src/records/effective-parameters.js";
import { planRecord } from "../src/records/plan-record.js";
import { readRecord, readRecordLines } from "../src/records/record-file.js";
import { trialRecord } from "../src/records/trial-record.js";
import { deadweight, smallModel, sums, writeRows } from "./small-model.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-boundary-"));
const at = (...names: string[]) => join(folder, ...names);
const [model, data] = [at("model"), at("data.jsonl")];
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  smallModel(model);
  writeRows(
    data,
    sums(300).map(({ asked, answer }) => ({ prompt: asked, completion: answer })),
  );
});

/** A margin that a model this small keeps: what is tested is the way, not the figures. */
const quick = [
  ...["--data", data, "--steps", "3", "--lr", "1e-3", "--batch-tokens", "64", "--held-out", "16", "--margin", "20"],
  ...["--evidence-seeds", "1", "--search-seeds", "2", "--max-seeds", "4", "--threads", "1", "--jobs", "1"],
];
const boundary = (out: string, ...options: string[]) =>
  deadweight("boundary", model, ...quick, "--out", out, ...options);

describe("a boundary", () => {
  const out = at("run");

  test("leaves its records, a plan for each action, and a page", async () => {
    const ended = await boundary(out, "--action", "freeze,random", "--matrix", "**.self_attn.*", "--like-paper");
    expect(ended.stderr).not.toMatch(/^deadweight: /m);
    expect(ended.code).toBe(0);
    const left = ["boundary.json", "plan-freeze.json", "plan-random.json", "plan.json", "report.html", "run.json"];
    expect(readdirSync(out)).toEqual(expect.arrayContaining(left));
    const record = readRecord(join(out, "boundary.json"), boundaryRecord);
    expect(record.candidates).toHaveLength(8);
    expect(record.data.confirmation).toEqual([16, 16, 16]);
    expect(record.actions.map(({ action }) => action)).toEqual(["freeze", "random"]);
    for (const { attempts, confirmed } of record.actions) expect(attempts[confirmed!].result).toBe("confirmed");
    expect(record.groups!.map(({ label }) => label)).toContain("all attention");
    const [freeze, random] = record.actions.map(({ savings }) => savings!);
    expect(freeze.effectiveParameters).toBe(4736);
    expect(freeze.stepFlopsLeft).toBeLessThan(freeze.stepFlops);
    const plan = readRecord(join(out, "plan.json"), planRecord);
    const sizes = new Map(record.candidates.map((matrix) => [matrix.name, matrix]));
    const planned = plan.matrices.map((matrix) => ({ ...matrix, ...sizes.get(matrix.name)! }));
    expect(plan.effectiveParameters).toBe(effectiveParameters(4736, planned));
    expect(random.effectiveParameters).toBe(plan.effectiveParameters);
    expect(plan.effectiveParameters).toBeLessThan(4736);
  });

  test("freezes what it says, and confirms on examples of their own", () => {
    const trials = readRecordLines(join(out, "trials.jsonl"), trialRecord);
    const joint = trials.filter(({ purpose }) => purpose === "joint");
    expect(joint.length).toBeGreaterThan(0);
    for (const { outcome, matrices } of joint) {
      if (outcome.kind !== "finished") return expect.unreachable("a trial did not finish");
      expect(Object.keys(outcome.frozenSha256)).toEqual(matrices.map((name) => `${name}.weight`));
      for (const [before, after] of Object.values(outcome.frozenSha256)) expect(after).toBe(before);
    }
    const before = (purpose: string, seed: number) =>
      trials
        .filter((trial) => trial.purpose === purpose && trial.arm === "full" && trial.seed === seed)
        .flatMap(({ outcome }) => (outcome.kind === "finished" ? [outcome.heldOutLossBefore] : []));
    expect(before("confirmation", 1001)[0]).not.toBeCloseTo(before("sft", 1)[0], 4);
  });

  test("continues where it stopped, and a second time runs nothing", async () => {
    const trials = readFileSync(join(out, "trials.jsonl"), "utf8");
    const record = readFileSync(join(out, "boundary.json"), "utf8");
    const again = await boundary(out, "--action", "freeze,random", "--matrix", "**.self_attn.*", "--like-paper");
    expect(again.code).toBe(0);
    expect(readFileSync(join(out, "trials.jsonl"), "utf8")).toBe(trials);
    expect(readFileSync(join(out, "boundary.json"), "utf8")).toBe(record);
  });

  test("is refused other looks than it was begun with", async () => {
    const trials = readFileSync(join(out, "trials.jsonl"), "utf8");
    const ended = await boundary(out, "--action", "freeze,random", "--matrix", "**.self_attn.*", "--max-seeds", "5");
    expect(ended.stderr).toMatch(/holds a run of another configuration: maxSeeds \(4 there, 5 asked for\)/);
    expect(ended.code).toBe(1);
    expect(readFileSync(join(out, "trials.jsonl"), "utf8")).toBe(trials);
  });

  test("is judged at another margin without a trial, and its page is written again", async () => {
    const judged = await deadweight("verdict", out, "--margin", "40", "--json", "-");
    expect(judged.code).toBe(0);
    const { margin, actions } = boundaryMarginRecord.parse(JSON.parse(judged.stdout));
    expect(margin).toBe(40);
    expect(actions.map(({ action }) => action)).toEqual(["freeze", "random"]);
    const page = readFileSync(join(out, "report.html"), "utf8");
    rmSync(join(out, "report.html"));
    expect((await deadweight("report", out)).code).toBe(0);
    expect(readFileSync(join(out, "report.html"), "utf8")).toBe(page);
  });

  test("confirms another choice on what is left of the held-out parts, and says where nothing is", async () => {
    const own = at("again");
    const search = (...matrices: string[]) => boundary(own, "--attempts", "2", "--matrix", ...matrices);
    const found = () => readRecord(join(own, "boundary.json"), boundaryRecord).actions[0];
    const parts = () => found().attempts.map(({ part }) => part);
    const layer = "layers.0.self_attn";
    expect((await search(`${layer}.q_proj`, `${layer}.k_proj`)).code).toBe(0);
    const first = found();
    expect([parts(), first.earlierParts, first.confirmed]).toEqual([[1], [], 0]);
    expect((await search(`${layer}.v_proj`, `${layer}.o_proj`)).code).toBe(0);
    expect([parts(), found().earlierParts, found().confirmed]).toEqual([[2], [1], 0]);
    const third = await search(`${layer}.q_proj`, `${layer}.o_proj`);
    expect(third.code).toBe(0);
    expect(third.stderr).toMatch(/freeze: no held-out part is left to confirm a set of 2 on; .* took 2 of 2/);
    expect(third.stderr).toContain("No set was confirmed: no plan.");
    expect(third.stdout.replace(/\s+/g, " ")).toContain("no held-out part is left to confirm 2 matrices on");
    expect([parts(), found().earlierParts, found().confirmed]).toEqual([[], [1, 2], null]);
    expect((await search(`${layer}.q_proj`, `${layer}.k_proj`)).code).toBe(0);
    expect(found()).toEqual({ ...first, earlierParts: [2] });
  });

  test("crystal takes ranks from the ladder, and mixed sets train", async () => {
    const own = at("mixed");
    const ended = await boundary(own, "--action", "cheapest,crystal:1", "--matrix", "layers.0.self_attn.*");
    expect(ended.code).toBe(0);
    const { actions } = readRecord(join(own, "boundary.json"), boundaryRecord);
    expect(actions.map(({ action }) => action)).toEqual(["cheapest", "crystal:1"]);
    expect(actions[1].evidence.every(({ arm }) => arm === "crystal")).toBe(true);
  });
});

describe("before any work", () => {
  test.each([
    [2, ["--action", "melt"], /Unknown action 'melt'\. Accepted: freeze, crystal/],
    [2, ["--max-trials", "5"], /--max-trials is 5; with 14 matrices .* take \d+/],
    [2, ["--max-seeds", "2"], /--max-seeds is 2; it is at least 3/],
    [2, ["--max-seeds", "1000"], /--max-seeds is 1000; it is at most 999/],
    [1, ["--matrix", "layers.9.*"], /layers\.9/],
    [1, ["--max-length", "1"], /./],
  ])("exit %i: %j", async (code, options, message) => {
    const out = at(`refused-${options.join("")}`.replace(/[^\w-]/g, ""));
    const ended = await boundary(out, ...options);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/^\s+at |Internal error/m);
    expect(ended.code).toBe(code);
    expect(existsSync(join(out, "run.json"))).toBe(false);
  });

  test("a dry run counts and trains nothing", async () => {
    const out = at("dry");
    const { stdout, code } = await boundary(out, "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(/16 held out, 16 \+ 16 \+ 16 for confirmations/);
    expect(stdout).toMatch(/14 matrices, freeze: \d+ trials at least/);
    expect(existsSync(out)).toBe(false);
  });
});
