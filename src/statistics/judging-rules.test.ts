import { describe, expect, test } from "vitest";
import { sampleMatrix, sampleTrial, sampleTrials } from "../../test/sample-trials.js";
import { InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import { judge } from "./verdict.js";

const around = (mean: number, spread = 0.02) => [-1, -0.5, 0, 0.5, 1].map((x) => mean + spread * x);
const matrixOf = (deltas: Readonly<Record<string, readonly number[]>>) => judge(sampleTrials(deltas)).matrices[0];
const diverged = { kind: "diverged", step: 4 } as const;
const failed = { kind: "failed", reason: "killed" } as const;

describe("fixed sequence", () => {
  test("behind an arm that does not hold none is claimed: its interval is drawn up to the margin", () => {
    const record = judge(sampleTrials({ frozen: around(0.5), crystal: around(0), random: around(2) }));
    const { frozen, crystal, random } = record.matrices[0].arms;
    expect([frozen.holds, crystal.holds, random.shownWorse]).toEqual([false, false, true]);
    expect(crystal.high).toBe(0.5);
    // t(0.975, 4) = 2.7764, s = 0.02 sqrt(2.5 / 4): the lower end stays where it is.
    expect(crystal.low).toBeCloseTo((-2.7764451 * 0.02 * Math.sqrt(2.5 / 4)) / Math.sqrt(5), 8);
    expect(record.warnings.join()).toMatch(/crystal would hold alone/);
  });

  test("an arm that was not run stops it, and is named", () => {
    const open = judge(sampleTrials({ frozen: around(0), random: around(2) }));
    expect(open.matrices[0]).toMatchObject({ verdict: "undecided", seedsToDecide: null });
    expect(open.matrices[0].strongestClaim).toMatch(/at least freezable/);
    expect(open.warnings.join()).toMatch(/crystal was not run/);
  });

  test("of several ranks the lowest counts; a trainable arm never does", () => {
    const arms = { frozen: around(0), "crystal:8": around(0), "crystal:2": around(3), "random:trainable": around(0) };
    expect(matrixOf(arms).verdict).toBe("freezable");
  });

  test("the seeds that would decide are those of the slowest arm on the way", () => {
    const slow = around(0.4, 0.6);
    const alone = matrixOf({ frozen: around(0), crystal: around(0), random: slow }).seedsToDecide;
    expect(matrixOf({ frozen: around(0.4, 0.2), crystal: around(0), random: slow }).seedsToDecide).toBe(alone);
    expect(alone).toBeGreaterThan(50);
  });
});

describe("diverged seeds", () => {
  const family = (n: number, lost: number) =>
    judge(
      Array.from({ length: n }, (_, seed) => [
        sampleTrial({ arm: "full", seed, loss: 2 }),
        sampleTrial({ arm: "full", seed, loss: 2.001, purpose: "aa" }),
        sampleTrial({ arm: "frozen", seed, loss: 2, before: 5, ...(seed < lost ? { outcome: diverged } : {}) }),
      ]).flat(),
    ).matrices[0];

  // The statistic sqrt(d (n - 1) / (n - d)) against t(0.975, n - 1): 4 > 2.776, 2.449 < 2.776, 1.453 < 2.093, 2.179 > 2.093.
  test.each([
    [5, 4, "needed"],
    [5, 3, "undecided"],
    [20, 2, "undecided"],
    [20, 4, "needed"],
    [1, 1, "undecided"],
  ])("of %d seeds %d: %s, as for ever larger losses", (n, lost, verdict) => {
    const judged = family(n, lost);
    expect(judged.verdict).toBe(verdict);
    expect(judged.arms.frozen).toMatchObject({ n, diverged: lost, holds: false, high: null, recovery: null });
    if (n === 1) return;
    const large = Array.from({ length: n }, (_, seed) => (seed < lost ? 1e9 : 0));
    expect(matrixOf({ frozen: large }).verdict).toBe(verdict);
  });

  test("a diverged `full` fails its control", () => {
    const trials = [
      sampleTrial({ arm: "full", seed: 0, loss: 2, outcome: diverged }),
      sampleTrial({ arm: "full", seed: 1, loss: 2 }),
    ];
    expect(judge(trials).controls["full learns"]).toMatchObject({ passed: false });
  });
});

describe("the lines of a trial file", () => {
  const trials = sampleTrials({ frozen: around(0) });

  test("a failure that was repeated is neither missing nor counted twice", () => {
    const again = [{ ...trials[6], outcome: failed }, ...trials, trials[6]];
    const record = judge(again);
    expect(record.matrices).toEqual(judge(trials).matrices);
    expect(record.warnings.join()).not.toMatch(/failed/);
  });

  test("a single pair beside other seeds is named", () => {
    const record = judge(trials.map((trial, i) => (i > 5 ? { ...trial, outcome: failed } : trial)));
    expect(record.seeds).toEqual([0]);
    expect(record.warnings.join()).toMatch(/One seed gives no interval/);
  });

  test("a rate at which the search diverged is no warning", () => {
    const search = sampleTrial({ arm: "full", seed: 0, loss: 2, purpose: "learning-rate", outcome: diverged });
    expect(judge([...trials, search]).warnings.join()).not.toMatch(/diverged/);
  });

  test("trials of different settings are refused", () => {
    expect(() => judge([...trials, { ...trials[6], key: "other", steps: 10 }])).toThrow(InputError);
  });

  test("damage without a noise floor has no recovery, and unchecked weights are no check", () => {
    const bare = [
      sampleTrial({ arm: "full", seed: 0, loss: 2 }),
      sampleTrial({ arm: "random", seed: 0, loss: 2.1, before: 5 }),
    ];
    expect(judge(bare).matrices[0].arms.random).toMatchObject({ damage: 1, recovery: null });
    const [, random] = bare;
    if (random.outcome.kind === "finished") random.outcome = { ...random.outcome, frozenSha256: {} };
    expect(judge(bare).controls["frozen weights unchanged"].passed).toBe(false);
    expect(random.matrices).toEqual([sampleMatrix]);
  });
});

type Means = Readonly<Record<string, number>>;
type IsFalse = (matrix: ReturnType<typeof judge>["matrices"][number], means: Means) => boolean;

const falseClaim: IsFalse = ({ arms }, means) =>
  Object.entries(means).some(([arm, mean]) => (mean >= 0.5 ? arms[arm].holds : arms[arm].shownWorse));

/** Of the arms in sequence the first that is shown worse; the ones before it hold. */
const falseVerdict: IsFalse = ({ verdict }, { frozen, crystal, random }) => {
  const worse = { needed: 0, freezable: 1, "low-rank": 2, redundant: 3, undecided: -1 }[verdict];
  return (
    worse >= 0 && [frozen, crystal, random].some((mean, i) => (i < worse ? mean >= 0.5 : i === worse && mean < 0.5))
  );
};

/** Share of runs that say something false of the true means; the matrices share the noise of `full`. */
function falseShare(means: Means, shared: number, name: string, isFalse: IsFalse): number {
  const chance = randomStream(11, name);
  const [runs, seeds] = [1200, 5];
  let wrong = 0;
  for (let run = 0; run < runs; run++) {
    const common = Array.from({ length: seeds }, () => 0.2 * Math.sqrt(shared) * chance.normal());
    const own = () => 0.2 * Math.sqrt(1 - shared) * chance.normal();
    const trials = ["a", "b", "c", "d"].flatMap((matrix) =>
      sampleTrials(
        Object.fromEntries(Object.entries(means).map(([arm, mean]) => [arm, common.map((x) => mean + x + own())])),
        matrix,
      ),
    );
    const { matrices } = judge(trials);
    if (matrices.some((matrix) => isFalse(matrix, means))) wrong++;
  }
  return wrong / runs;
}

describe("what is false over four matrices, in either direction, stays below 5%", () => {
  const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 1200);

  test("verdicts, also where several arms of a matrix may be shown worse by chance", () => {
    const means = { frozen: 0.4999, crystal: 0.4999, random: 0.4999 };
    expect(falseShare(means, 0.5, "just below", falseVerdict)).toBeLessThan(bound);
    // Single arms are more often: the page does not claim otherwise.
    expect(falseShare(means, 0.5, "just below", falseClaim)).toBeGreaterThan(
      falseShare(means, 0.5, "just below", falseVerdict),
    );
  });

  test.each([
    ["at the margin", { frozen: 0.4999, crystal: 0.5, random: 0.5 }],
    ["easy, then at the margin", { frozen: -0.5, crystal: 0.4999, random: 0.5 }],
    ["mixed", { frozen: 0.3, crystal: 0.5, random: 1.5 }],
  ])("claims: %s, with independent and with shared noise", (name, means) => {
    for (const shared of [0, 0.5, 0.95])
      expect(falseShare(means, shared, `${name} ${shared}`, falseClaim)).toBeLessThan(bound);
  });
});
