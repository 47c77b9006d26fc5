import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleTrial, sampleTrials } from "../../test/sample-trials.js";
import { UsageError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { type VerdictsRecord, verdictsRecord } from "../records/verdicts-record.js";
import { levelsOf } from "./sequence-test.js";
import { judge } from "./verdict.js";

/** Five deltas of a given mean with a small, fixed spread. */
const around = (mean: number, spread = 0.02) => [-1, -0.5, 0, 0.5, 1].map((x) => mean + spread * x);
const verdictOf = (deltas: Readonly<Record<string, readonly number[]>>, options = {}) =>
  judge(sampleTrials(deltas), options).matrices[0];

describe("the five verdicts", () => {
  test.each([
    ["redundant", { frozen: around(0), crystal: around(0.1), random: around(-0.3) }],
    ["low-rank", { frozen: around(0), crystal: around(0.1), random: around(2) }],
    ["freezable", { frozen: around(0.2), crystal: around(1), random: around(2) }],
    ["needed", { frozen: around(0.8), crystal: around(0), random: around(0) }],
    ["undecided", { frozen: around(0.5), crystal: around(0), random: around(0) }],
  ])("%s", (verdict, deltas) => {
    expect(verdictOf(deltas).verdict).toBe(verdict);
  });

  test("an undecided one names what is shown, and the seeds that would decide", () => {
    const judged = verdictOf({ frozen: around(0), crystal: around(0), random: around(0.4, 0.6) });
    expect(judged.verdict).toBe("undecided");
    expect(judged.strongestClaim).toMatch(/at least low-rank/);
    // Half-width t(0.975, n - 1) s / sqrt(n) with s = 0.6 sqrt(2.5 / 4): 0.1005 at n = 88, 0.0999 at 89 (t by SciPy).
    expect(judged.seedsToDecide).toBe(89);
    expect(verdictOf({ frozen: around(0.5) }).seedsToDecide).toBeNull();
  });

  test("a zero arm is summarised and decides nothing", () => {
    const judged = verdictOf({ frozen: around(0), crystal: around(0), random: around(0), zero: around(9) });
    expect(judged.verdict).toBe("redundant");
    expect(judged.arms.zero.shownWorse).toBe(true);
  });

  test("the margin moves them", () => {
    const deltas = { frozen: around(0), crystal: around(0.1), random: around(2) };
    expect(verdictOf(deltas, { margin: 3 }).verdict).toBe("redundant");
    expect(verdictOf(deltas, { margin: 0.05 }).verdict).toBe("freezable");
  });
});

describe("what is missing or infinite", () => {
  const diverged = { kind: "diverged", step: 4 } as const;

  test("one seed decides nothing, and says so", () => {
    const record = judge(sampleTrials({ frozen: [0], crystal: [0], random: [0] }));
    expect(record.matrices[0].verdict).toBe("undecided");
    expect(record.matrices[0].arms.frozen).toMatchObject({ meanDeltaPercent: 0, low: null, high: null, n: 1 });
    expect(record.warnings.join()).toMatch(/One seed gives no interval/);
  });

  test("a diverged trial is infinitely worse, never missing", () => {
    const seeds = [1, 2, 3];
    const full = seeds.map((seed) => sampleTrial({ arm: "full", seed, loss: 2 }));
    const all = judge([
      ...full,
      ...seeds.map((seed) => sampleTrial({ arm: "frozen", seed, loss: 2, outcome: diverged })),
    ]);
    expect(all.matrices[0].verdict).toBe("needed");
    expect(all.matrices[0].arms.frozen).toMatchObject({ n: 3, diverged: 3, meanDeltaPercent: null, holds: false });
    const one = judge([
      ...full,
      ...seeds.map((seed) =>
        sampleTrial({ arm: "frozen", seed, loss: 2, ...(seed === 1 ? { outcome: diverged } : {}) }),
      ),
    ]);
    expect(one.matrices[0].verdict).toBe("undecided");
    expect(one.warnings.join()).toMatch(/1 trial diverged/);
  });

  test("a failed trial is named", () => {
    const trials = [
      ...sampleTrials({ frozen: around(0) }),
      sampleTrial({ arm: "random", seed: 1, loss: 0, outcome: { kind: "failed", reason: "x" } }),
    ];
    expect(judge(trials).warnings.join()).toMatch(/1 trial failed and missing: sft random/);
  });

  test.each([[{ margin: 0 }], [{ margin: -1 }], [{ margin: Number.NaN }], [{ confidence: 1 }], [{ confidence: 0 }]])(
    "%j is refused",
    (options) => {
      expect(() => judge([], options)).toThrow(UsageError);
    },
  );

  test("the record is what its schema says, also through JSON", () => {
    const record = judge(sampleTrials({ frozen: around(0), crystal: around(0), random: around(0.4, 0.6) }));
    expect(verdictsRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });
});

describe("damage, recovery, floor and controls", () => {
  const seeds = [1, 2, 3];
  const trials = seeds.flatMap((seed) => [
    sampleTrial({ arm: "full", seed, loss: 2, before: 4 }),
    sampleTrial({ arm: "full", seed, loss: 2 + 0.002 * (seed - 2), purpose: "aa" }),
    sampleTrial({ arm: "random", seed, loss: 2.1, before: 4.5 }),
    sampleTrial({ arm: "frozen", seed, loss: 2.01, before: 4 }),
  ]);
  const record: VerdictsRecord = judge(trials);

  test("by hand", () => {
    const { random, frozen } = record.matrices[0].arms;
    expect(random.damage).toBeCloseTo(0.5, 12);
    expect(random.recovery).toBeCloseTo(1 - 0.1 / 0.5, 12);
    expect(frozen.damage).toBe(0);
    expect(frozen.recovery).toBeNull();
    // Deltas of -0.1, 0 and 0.1 percent.
    expect(record.floor.deltaStdPercent).toBeCloseTo(Math.sqrt(0.02 / 3), 10);
    expect(record.floor.meanAbsoluteDeltaPercent).toBeCloseTo(0.2 / 3, 10);
    expect(record.floor.n).toBe(3);
  });

  test("controls pass, and fail where they must", () => {
    expect(Object.values(record.controls).every(({ passed }) => passed)).toBe(true);
    const stuck = judge(
      trials.map((trial) =>
        trial.arm === "full" && trial.purpose === "sft"
          ? sampleTrial({ arm: "full", seed: trial.seed, loss: 4, before: 4 })
          : trial,
      ),
    );
    expect(stuck.controls["full learns"].passed).toBe(false);
    const moved = sampleTrial({ arm: "frozen", seed: 1, loss: 2 });
    if (moved.outcome.kind === "finished") moved.outcome.frozenSha256.w = ["a", "b"];
    expect(judge([moved]).controls["frozen weights unchanged"].passed).toBe(false);
  });

  test("a `full` that learns less than the margin fails its control, and one that diverges is said to", () => {
    const learning = (after: number) => judge(seeds.map((seed) => sampleTrial({ arm: "full", seed, loss: after })));
    // From 4 nats: by 0.4% and by 0.6%.
    expect(learning(3.984).controls["full learns"]).toMatchObject({
      passed: false,
      text: expect.stringMatching(/falls by 0\.40% only, less than the margin of 0\.5%/),
    });
    expect(learning(3.976).controls["full learns"].passed).toBe(true);
    const lost = judge(
      seeds.map((seed) => sampleTrial({ arm: "full", seed, loss: 2, outcome: { kind: "diverged", step: 1 } })),
    );
    expect(lost.controls["full learns"].text).toMatch(/diverges for seed 1, 2, 3/);
    expect(lost.warnings).toContain("All 3 trials diverged: lower the learning rate (--lr).");
  });

  test("equal runs must not be told apart in either direction, and it takes two pairs to say so", () => {
    const equal = (deltas: readonly number[]) =>
      judge(
        deltas.flatMap((delta, seed) => [
          sampleTrial({ arm: "full", seed, loss: 2 }),
          sampleTrial({ arm: "full", seed, loss: 2 * (1 + delta / 100), purpose: "aa" }),
        ]),
      );
    const name = "equal runs not told apart";
    expect(equal([0.9, -0.8, 0.1]).controls[name].passed).toBe(true);
    expect(equal([0.9, -0.8, 0.1]).warnings.join()).toMatch(/differ by 0\.70% \(root mean square, 3 pairs\)/);
    for (const sign of [1, -1]) expect(equal([1, 1.05, 0.95].map((x) => sign * x)).controls[name].passed).toBe(false);
    for (const few of [[], [0.1]]) expect(equal(few).controls[name]).toMatchObject({ passed: false, checked: false });
  });
});

describe("over matrices", () => {
  test("Holm by hand: each decision frees its share for the rest", () => {
    const arms = (mean: number, spread: number) => ({ frozen: { values: around(mean, spread), diverged: 0 } });
    const matrices = new Map([
      ["clear", arms(2, 0.1)],
      ["second", arms(0.62, 0.1)],
      ["open", arms(0.5, 0.1)],
    ]);
    // "clear" is decided at a third of 0.05 and frees it. "second" lies 0.12 above the margin: half of 0.05 gives it a half-width
    // of t(0.9875, 4) 0.079 / sqrt 5 = 0.123, so that it stays open and keeps the half together with "open".
    expect([...levelsOf(matrices, 0.5, 0.05)]).toEqual([
      ["clear", 0.05 / 3],
      ["second", 0.05 / 2],
      ["open", 0.05 / 2],
    ]);
  });

  test("table and verdict never disagree, and no verdict needs less than its share", () => {
    const delta = fc.double({ min: -2, max: 3, noNaN: true });
    const arm = fc.array(delta, { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ frozen: arm, crystal: arm, random: arm }), { minLength: 1, maxLength: 4 }),
        (family) => {
          const trials = family.flatMap((deltas, index) => sampleTrials(deltas, `m${index}`));
          for (const { verdict, arms } of judge(trials).matrices) {
            for (const { low, high, holds, shownWorse } of Object.values(arms)) {
              expect(holds).toBe(high !== null && high < 0.5);
              expect(shownWorse).toBe(low !== null && low > 0.5);
            }
            const { frozen, crystal, random } = arms;
            const chain = [frozen, crystal, random];
            const expected = frozen.shownWorse
              ? "needed"
              : frozen.holds && crystal.shownWorse
                ? "freezable"
                : frozen.holds && crystal.holds && random.shownWorse
                  ? "low-rank"
                  : chain.every(({ holds }) => holds)
                    ? "redundant"
                    : "undecided";
            expect(verdict).toBe(expected);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("error rates over simulated runs", () => {
  const runs = 4000;

  test("the interval covers as often as it says, and redundancy at the margin is claimed no more often than allowed", () => {
    const chance = randomStream(7, "simulated runs");
    let covered = 0;
    let falselyRedundant = 0;
    for (let run = 0; run < runs; run++) {
      const draw = (mean: number) => Array.from({ length: 5 }, () => mean + 0.2 * chance.normal());
      const judged = verdictOf({ frozen: draw(0), crystal: draw(0), random: draw(0.5) });
      const { low, high } = judged.arms.random;
      if (low! <= 0.5 && 0.5 <= high!) covered++;
      if (judged.verdict === "redundant") falselyRedundant++;
    }
    expect(covered / runs).toBeGreaterThan(0.94);
    expect(covered / runs).toBeLessThan(0.96);
    // One end of the 95% interval: 2.5%, with three standard errors of the simulation.
    expect(falselyRedundant / runs).toBeLessThan(0.025 + 3 * Math.sqrt(0.025 / runs));
    expect(falselyRedundant / runs).toBeGreaterThan(0.005);
  });

  test("with a shared `full` and half of the matrices decided, a false claim about the others is no more frequent than allowed", () => {
    const chance = randomStream(9, "simulated families with a shared baseline");
    const count = 1500;
    let families = 0;
    for (let run = 0; run < count; run++) {
      const baseline = Array.from({ length: 5 }, () => 0.15 * chance.normal());
      const draw = (mean: number) => baseline.map((noise) => mean + noise + 0.15 * chance.normal());
      const atMargin = Array.from({ length: 4 }, (_, index) => sampleTrials({ frozen: draw(0.5) }, `open ${index}`));
      const clear = Array.from({ length: 4 }, (_, index) => sampleTrials({ frozen: draw(5) }, `clear ${index}`));
      const { matrices } = judge([...atMargin, ...clear].flat());
      if (matrices.some(({ name, arms }) => name.startsWith("open") && (arms.frozen.holds || arms.frozen.shownWorse)))
        families++;
    }
    expect(families / count).toBeLessThan(0.05 + 3 * Math.sqrt(0.05 / count));
    expect(families / count).toBeGreaterThan(0.005);
  });

  test("over eight matrices at the margin any false claim is rare", () => {
    const chance = randomStream(8, "simulated families");
    const names = Array.from({ length: 8 }, (_, index) => `m${index}`);
    let families = 0;
    const count = 1500;
    for (let run = 0; run < count; run++) {
      const draw = () => Array.from({ length: 5 }, () => 0.5 + 0.2 * chance.normal());
      const trials = names.flatMap((name) => sampleTrials({ frozen: draw() }, name));
      const claims = judge(trials).matrices.some(({ arms }) => arms.frozen.holds || arms.frozen.shownWorse);
      if (claims) families++;
    }
    expect(families / count).toBeLessThan(0.05 + 3 * Math.sqrt(0.05 / count));
    expect(families / count).toBeGreaterThan(0.02);
  });
});
