import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { gpt2ConfigJson, parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { encodeSftDataset } from "../data/sft-dataset.js";
import type { SftExample } from "../data/sft-example.js";
import { InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { gpt2Checkpoint } from "../model/gpt2-checkpoint.js";
import { gpt2InitialWeights } from "../model/gpt2-initializer.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import { parseArm } from "./arm.js";
import { TrialBench } from "./trial-bench.js";
import { makeTrialSpec, type TrialSetting } from "./trial-spec.js";

const folder = mkdtempSync(join(tmpdir(), "deadweight-bench-"));
const config = parseGpt2Config({
  model_type: "gpt2",
  n_layer: 2,
  n_head: 2,
  n_embd: 16,
  n_positions: 16,
  vocab_size: 29,
});
const matrix = "h.1.attn.c_proj";
const setting: TrialSetting = {
  model: join(folder, "base"),
  data: join(folder, "data.json"),
  rows: 4,
  length: 16,
  slots: 32,
  rowsAtOnce: 4,
  keptTrainers: 2,
  plantedGate: 0,
  evaluateEvery: 5,
  device: "cpu",
  threads: 1,
};

/** Counting upwards from a random start: a rule that ten steps can begin to learn. */
function examples(name: string, count: number): SftExample[] {
  const chance = randomStream(1, name);
  return Array.from({ length: count }, () => {
    const start = chance.integer(20);
    return {
      tokens: Int32Array.from({ length: 8 }, (_, i) => start + i),
      scored: Uint8Array.of(0, 0, 1, 1, 1, 1, 1, 1),
    };
  });
}

function writeBase(name: string, change: (weights: Map<string, Float32Array>) => void = () => {}): string {
  const weights = gpt2InitialWeights(config, 3);
  change(weights);
  writeCheckpointFolder(join(folder, name), gpt2Checkpoint(config, weights));
  return join(folder, name);
}

const spec = (arm: string, seed = 1, learningRate = 1e-2) =>
  makeTrialSpec(parseArm(arm), [matrix], { seed, purpose: "sft", steps: 10, learningRate });

let bench: TrialBench;
let clock = 0;
const run = (arm: string, seed = 1) => bench.run(spec(arm, seed), { now: () => clock++ });

function finished({ outcome }: TrialRecord): FinishedOutcome {
  if (outcome.kind !== "finished") throw new InputError(`the trial ended as ${outcome.kind}`);
  return outcome;
}

beforeAll(async () => {
  writeBase("base");
  const parts = ["training", "heldOut", "calibrationTraining", "calibrationHeldOut"] as const;
  const [training, heldOut, calibrationTraining, calibrationHeldOut] = parts.map((part) => examples(part, 40));
  writeFileSync(setting.data, encodeSftDataset({ training, heldOut, calibrationTraining, calibrationHeldOut }));
  bench = await TrialBench.open(setting);
});
afterAll(async () => {
  await bench.dispose();
  rmSync(folder, { recursive: true });
});

describe("a trial", () => {
  test("learns, and measures at steps 0, 5 and 10", async () => {
    const record = await run("full");
    const outcome = finished(record);
    expect(outcome.curve.map(([step]) => step)).toEqual([0, 5, 10]);
    expect(outcome.heldOutLossBefore).toBe(outcome.curve[0][1]);
    expect(outcome.heldOutLossAfter).toBe(outcome.curve[2][1]);
    // An untrained model of 29 tokens knows nothing: ln 29 nats.
    expect(outcome.heldOutLossBefore).toBeCloseTo(Math.log(29), 1);
    expect(outcome.heldOutLossAfter).toBeLessThan(outcome.heldOutLossBefore);
    expect(outcome.heldOutLossPerExample).toHaveLength(40);
    const mean = outcome.heldOutLossPerExample.reduce((sum, loss) => sum + loss, 0) / 40;
    expect(mean).toBeCloseTo(outcome.heldOutLossAfter, 5);
    expect(record.matrices).toEqual([]);
    expect(outcome.frozenSha256).toEqual({});
  });

  test("gives the same numbers twice, and others for another seed", async () => {
    const first = finished(await run("random"));
    expect(finished(await run("random"))).toEqual(first);
    expect(finished(await run("random", 2)).heldOutLossAfter).not.toBe(first.heldOutLossAfter);
    const fresh = await TrialBench.open(setting);
    const again = finished(await fresh.run(spec("random"), { now: () => 0 }));
    await fresh.dispose();
    expect(again).toEqual(first);
  });

  test("has one or two threads agree to 1e-4", async () => {
    const two = await TrialBench.open({ ...setting, threads: 2 });
    const other = finished(await two.run(spec("full"), { now: () => 0 }));
    await two.dispose();
    expect(Math.abs(other.heldOutLossAfter - finished(await run("full")).heldOutLossAfter)).toBeLessThan(1e-4);
  });

  test.each([
    ["frozen", 1, 16 * 16],
    ["crystal", 2, 16 * 16],
    ["random", 1, 16 * 16],
    ["zero", 1, 16 * 16],
  ])("leaves the bytes of a frozen weight alone: %s", async (arm, weights, untrained) => {
    const record = await run(arm);
    const hashes = Object.values(finished(record).frozenSha256);
    expect(hashes).toHaveLength(weights);
    for (const [before, after] of hashes) expect(after).toBe(before);
    expect(record.trainableParameters).toBe((await run("full")).trainableParameters - untrained);
  });

  test("says how far `full` moved each matrix, and what it forgot of general text", async () => {
    const general = { ...setting, data: join(folder, "general.json") };
    const { training, heldOut } = { training: examples("training", 40), heldOut: examples("heldOut", 40) };
    const parts = { training, heldOut, calibrationTraining: training, calibrationHeldOut: heldOut };
    writeFileSync(general.data, encodeSftDataset({ ...parts, general: heldOut }));
    const other = await TrialBench.open(general);
    const [full, frozen] = [
      finished(await other.run(spec("full"), { now: () => 0 })),
      finished(await other.run(spec("frozen"), { now: () => 0 })),
    ];
    await other.dispose();
    // The general text is the held-out text here.
    expect(full.generalLossAfter).toBeCloseTo(full.heldOutLossAfter, 6);
    expect(frozen.generalLossAfter).toBeCloseTo(frozen.heldOutLossAfter, 6);
    expect(full.relativeUpdates![matrix]).toBeGreaterThan(0);
    expect(frozen.relativeUpdates).toBeUndefined();
  });

  test("pairs its arms: frozen and full start from the same loss and see the same first batch", async () => {
    const [full, frozen] = [finished(await run("full")), finished(await run("frozen"))];
    expect(frozen.heldOutLossBefore).toBe(full.heldOutLossBefore);
    expect(frozen.trainLossFirst).toBe(full.trainLossFirst);
    expect(frozen.heldOutLossAfter).not.toBe(full.heldOutLossAfter);
  });

  test("reads another order for A/A, other examples for the learning rate", async () => {
    const common = { seed: 1, steps: 10, learningRate: 1e-2 };
    const aa = finished(
      await bench.run(makeTrialSpec({ kind: "full" }, [], { ...common, purpose: "aa" }), { now: () => 0 }),
    );
    const rate = finished(
      await bench.run(makeTrialSpec({ kind: "full" }, [], { ...common, purpose: "learning-rate" }), { now: () => 0 }),
    );
    const full = finished(await run("full"));
    expect(aa.heldOutLossBefore).toBe(full.heldOutLossBefore);
    expect(aa.trainLossFirst).not.toBe(full.trainLossFirst);
    expect(rate.heldOutLossBefore).not.toBe(full.heldOutLossBefore);
  });

  test("ends as diverged where a weight is NaN", async () => {
    const broken = await TrialBench.open({
      ...setting,
      model: writeBase("nan", (weights) => weights.get("ln_f.weight")!.fill(Number.NaN)),
    });
    const { outcome } = await broken.run(spec("full"), { now: () => 0 });
    await broken.dispose();
    expect(outcome).toEqual({ kind: "diverged", step: 0 });
  });

  test("ends as diverged where the tested matrix itself holds NaN", async () => {
    const name = `${matrix}.weight`;
    const broken = await TrialBench.open({
      ...setting,
      model: writeBase("nan-target", (weights) => weights.get(name)!.fill(Number.NaN, 3, 4)),
    });
    for (const arm of ["crystal", "random", "frozen"])
      expect((await broken.run(spec(arm), { now: () => 0 })).outcome).toEqual({ kind: "diverged", step: 0 });
    await broken.dispose();
  });

  test("starts from the loss that one pass over all arms and seeds finds", async () => {
    const arms = ["full", "frozen", "crystal", "crystal:3:trainable", "random", "random:init", "shuffled", "zero"];
    const specs = [1, 2].flatMap((seed) => arms.map((arm) => spec(arm, seed)));
    const found = await bench.lossesBefore(specs);
    expect([...found.keys()]).toEqual(specs.map(({ key }) => key));
    for (const one of specs) {
      const { heldOutLossBefore } = finished(await bench.run(one, { now: () => 0 }));
      expect(Math.abs(found.get(one.key)! - heldOutLossBefore), one.key).toBeLessThan(1e-6);
    }
    expect(found.get(spec("random", 1).key)).not.toBe(found.get(spec("random", 2).key));
    const told = { now: () => 0, heldOutLossBefore: 1.5 };
    expect(finished(await bench.run(spec("random"), told))).toEqual({
      ...finished(await run("random")),
      ...{ heldOutLossBefore: 1.5, curve: [[0, 1.5], ...finished(await run("random")).curve.slice(1)] },
    });
  });

  test("finds that a planted dead matrix changes nothing, to the bit, whatever is done to it", async () => {
    const full = finished(await run("full"));
    for (const arm of ["frozen", "crystal", "random", "zero:trainable"]) {
      const control = makeTrialSpec(parseArm(arm), ["planted"], {
        seed: 1,
        purpose: "control",
        steps: 10,
        learningRate: 1e-2,
      });
      const { curve, frozenSha256 } = finished(await bench.run(control, { now: () => 0 }));
      expect(curve, arm).toEqual(full.curve);
      expect(Object.keys(frozenSha256).length > 0).toBe(!arm.endsWith(":trainable"));
    }
    const alive = await TrialBench.open({ ...setting, plantedGate: 0.3 });
    const [own, random] = [
      finished(await alive.run(spec("full"), { now: () => 0 })),
      finished(
        await alive.run(
          makeTrialSpec(parseArm("random"), ["planted"], { seed: 1, purpose: "sft", steps: 10, learningRate: 1e-2 }),
          { now: () => 0 },
        ),
      ),
    ];
    await alive.dispose();
    expect(own.heldOutLossAfter).not.toBe(full.heldOutLossAfter);
    expect(random.heldOutLossAfter).not.toBe(own.heldOutLossAfter);
  });

  test("freezes single entries wherever they lie", async () => {
    const control = makeTrialSpec(parseArm("frozen"), ["scattered(256)"], {
      seed: 1,
      purpose: "control",
      steps: 10,
      learningRate: 1e-2,
    });
    const outcome = finished(await bench.run(control, { now: () => 0 }));
    const hashes = Object.entries(outcome.frozenSha256);
    const entries = hashes.map(([name]) => Number(/, (\d+) entries$/.exec(name)![1]));
    expect(entries.reduce((sum, count) => sum + count, 0)).toBe(256);
    for (const [name, [before, after]] of hashes) expect(after, name).toBe(before);
    const full = finished(await run("full"));
    expect(outcome.heldOutLossBefore).toBe(full.heldOutLossBefore);
    expect(outcome.heldOutLossAfter).not.toBe(full.heldOutLossAfter);
    // Nothing stays pinned for the next trial of the same kind.
    expect(finished(await run("full"))).toEqual(full);
  });

  test("gives the same numbers in parts that fit a smaller memory, but for rounding", async () => {
    const parts = await TrialBench.open({ ...setting, rowsAtOnce: 1 });
    for (const arm of ["full", "random"]) {
      const [whole, split] = [finished(await run(arm)), finished(await parts.run(spec(arm), { now: () => 0 }))];
      whole.curve.forEach(([, loss], index) => {
        expect(Math.abs(split.curve[index][1] - loss)).toBeLessThan(1e-4);
      });
      expect(split.heldOutLossPerExample).toHaveLength(40);
    }
    await parts.dispose();
  });

  test("refuses a matrix that the model does not have", async () => {
    const other = makeTrialSpec(parseArm("frozen"), ["h.9.attn.c_proj"], {
      seed: 1,
      purpose: "sft",
      steps: 1,
      learningRate: 1e-3,
    });
    await expect(bench.run(other, { now: () => 0 })).rejects.toThrow(/no matrix 'h\.9\.attn\.c_proj'/);
  });

  test("is refused before it starts where the weights are cut short or do not fit the config", async () => {
    const cut = writeBase("cut");
    const path = join(cut, "model.safetensors");
    writeFileSync(path, readFileSync(path).subarray(0, 5000));
    await expect(TrialBench.open({ ...setting, model: cut })).rejects.toThrow(InputError);
    const misfit = writeBase("misfit");
    writeFileSync(join(misfit, "config.json"), JSON.stringify({ ...gpt2ConfigJson(config), vocab_size: 30 }));
    await expect(TrialBench.open({ ...setting, model: misfit })).rejects.toThrow(/wte\.weight.*\[29, 16\].*\[30, 16\]/);
  });
});
