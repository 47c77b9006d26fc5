import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sampleTrial } from "../../test/sample-trials.js";
import { randomStream } from "../foundation/random.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import { exampleBootstrap } from "./example-bootstrap.js";
import { judge } from "./verdict.js";

interface Case {
  readonly tokens: readonly number[];
  readonly seeds: readonly { readonly full: readonly number[]; readonly own: readonly number[] }[];
  readonly delta: number;
  readonly byTokens: readonly [number, number];
  readonly byExamples: readonly [number, number];
}
const cases = JSON.parse(
  readFileSync(new URL("../../test/fixtures/statistics/bootstrap.json", import.meta.url), "utf8"),
) as readonly Case[];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Its loss is the mean over all scored tokens, as that of a real trial. */
function trialOf(arm: string, seed: number, perExample: readonly number[], tokens: readonly number[]): TrialRecord {
  const loss = sum(perExample.map((value, index) => value * tokens[index])) / sum(tokens);
  const sample = sampleTrial({ arm, seed, loss });
  if (sample.outcome.kind !== "finished") return expect.unreachable("a sample that did not finish");
  return { ...sample, outcome: { ...sample.outcome, heldOutLossPerExample: [...perExample] } };
}

const trialsOf = ({ seeds, tokens }: Case) =>
  seeds.flatMap(({ full, own }, seed) => [trialOf("full", seed, full, tokens), trialOf("frozen", seed, own, tokens)]);

const judged = (trials: readonly TrialRecord[], heldOutTokens?: readonly number[]) =>
  judge(trials, { details: true, heldOutTokens }).matrices[0].arms.frozen;

function expectInterval(
  found: { readonly low: number; readonly high: number },
  [low, high]: readonly [number, number],
): void {
  // The 2.5% quantile of 2,000 draws has a standard error of 0.06 deviations, 0.0153 of the width; four of them.
  const tolerance = 0.061 * (high - low);
  expect(Math.abs(found.low - low)).toBeLessThan(tolerance);
  expect(Math.abs(found.high - high)).toBeLessThan(tolerance);
}

describe("held-out examples drawn again, against NumPy", () => {
  test.each(cases.map((one) => [new Set(one.tokens).size > 1 ? "unequal" : "equal", one] as const))(
    "%s numbers of scored tokens",
    (_which, one) => {
      const arm = judged(trialsOf(one), one.tokens);
      expect(arm.meanDeltaPercent).toBeCloseTo(one.delta, 10);
      expect(arm.bootstrap!.weights).toBe("tokens");
      expectInterval(arm.bootstrap!, one.byTokens);
      const unweighted = judged(trialsOf(one)).bootstrap!;
      expect(unweighted.weights).toBe("examples");
      expectInterval(unweighted, one.byExamples);
    },
  );
});

describe("held-out examples drawn again", () => {
  const [unequal, equal] = cases;

  test("lie around the delta that the verdict reports, where examples are of unequal length", () => {
    const distance = ({ low, high }: { low: number; high: number }) =>
      Math.abs((low + high) / 2 - unequal.delta) / ((high - low) / 2);
    expect(distance(judged(trialsOf(unequal), unequal.tokens).bootstrap!)).toBeLessThan(0.1);
    // Short examples cost more: what counts them like long ones is off.
    expect(distance(judged(trialsOf(unequal)).bootstrap!)).toBeGreaterThan(0.2);
  });

  test("give the figures of before where every example has as many tokens", () => {
    const [weighted, plain] = [equal.tokens, undefined].map((tokens) => judged(trialsOf(equal), tokens).bootstrap!);
    expect(weighted.low).toBeCloseTo(plain.low, 12);
    expect(weighted.high).toBeCloseTo(plain.high, 12);
  });

  test("count as one each where the tokens are not those of the trials", () => {
    const [first, ...others] = unequal.tokens;
    for (const tokens of [[...others, first], others, []])
      expect(judged(trialsOf(unequal), tokens).bootstrap).toEqual(judged(trialsOf(unequal)).bootstrap);
  });

  test("cover the true delta over tokens about as often as stated, and that over examples does not", () => {
    // Short: 4 tokens, loss 3, 0.06 worse. Long: 60 tokens, loss 2, no worse. As many of each on average.
    const truth = (100 * 4 * 0.06) / (4 * 3 + 60 * 2);
    const chance = randomStream(7, "coverage of the bootstrap over examples");
    const [runs, examples] = [200, 50];
    const outcome = (losses: readonly number[], tokens: readonly number[]) =>
      trialOf("full", 0, losses, tokens).outcome as FinishedOutcome;
    const unweighted = exampleBootstrap(0.95, null);
    let [byTokens, byExamples] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const short = Array.from({ length: examples }, () => chance.integer(2) === 0);
      const tokens = short.map((is) => (is ? 4 : 60));
      const full = short.map((is) => (is ? 3 : 2) + 0.3 * chance.normal());
      const own = full.map((loss, index) => loss + (short[index] ? 0.06 : 0) + 0.02 * chance.normal());
      const pairs = [{ seed: 1, full: outcome(full, tokens), own: outcome(own, tokens) }];
      const covers = ({ low, high }: { low: number; high: number }) => Number(low <= truth && truth <= high);
      byTokens += covers(exampleBootstrap(0.95, tokens)(pairs)!);
      byExamples += covers(unweighted(pairs)!);
    }
    // Percentile intervals of fifty examples are a little short; the standard error of the share is 0.016.
    expect(byTokens / runs).toBeGreaterThan(0.9);
    expect(byTokens / runs).toBeLessThan(0.985);
    expect(byExamples / runs).toBeLessThan(0.02);
  });
});
