import { describe, expect, test } from "vitest";
import { sampleMatrix, sampleTrial } from "../../test/sample-trials.js";
import type { ArmFigures } from "../records/arm-figures.js";
import type { FinishedOutcome, TrialRecord } from "../records/trial-record.js";
import { armFiguresOf } from "./arm-figures.js";
import { type JudgeOptions, judge } from "./verdict.js";

const diverged = { kind: "diverged", step: 4 } as const;
const frozen = { arm: "frozen", matrices: [sampleMatrix] };

function finished({ outcome }: TrialRecord): FinishedOutcome {
  if (outcome.kind !== "finished") throw new Error("The sample did not finish.");
  return outcome;
}

/** Seeds differ widely in their losses, and by little within a pair. */
const fullLoss = (seed: number) => 2 + 0.3 * seed;

function trial(arm: string, seed: number, deltas: readonly number[], generalLoss?: number): TrialRecord {
  const losses = deltas.map((delta) => fullLoss(seed) * (1 + delta / 100));
  const sample = sampleTrial({ arm, seed, before: losses[0], loss: losses[losses.length - 1] });
  const curve = losses.map((loss, index): [number, number] => [25 * index, loss]);
  return {
    ...sample,
    outcome: { ...finished(sample), curve, ...(generalLoss !== undefined && { generalLossAfter: generalLoss }) },
  };
}

const full = (seed: number) => trial("full", seed, [0, 0, 0], 3);
const figuresOf = (trials: readonly TrialRecord[], options: JudgeOptions = {}): ArmFigures =>
  armFiguresOf(trials, frozen, judge(trials, options));

describe("the figures of an arm", () => {
  test("its distance to full is paired: what seeds differ in cancels", () => {
    const arms = [0.1, 0.2, 0.6].map((delta, seed) => trial("frozen", seed, [10 * delta, 5 * delta, delta]));
    // More seeds of full, whose losses are far higher.
    const trials = [...Array.from({ length: 8 }, (_, seed) => full(seed)), ...arms];
    const { deltaCurve, deltaPercent } = figuresOf(trials);
    expect(deltaCurve!.map(({ step }) => step)).toEqual([0, 25, 50]);
    for (const [index, factor] of [10, 5, 1].entries()) {
      expect(deltaCurve![index].mean).toBeCloseTo(0.3 * factor, 9);
      expect(deltaCurve![index].low).toBeCloseTo(0.1 * factor, 9);
      expect(deltaCurve![index].high).toBeCloseTo(0.6 * factor, 9);
    }
    expect(deltaCurve![2].mean).toBe(deltaPercent.mean);
  });

  test("all rest on the seeds that decided it", () => {
    const late = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
      trial("frozen", seed, seed < 5 ? [8, 4, 0.01 * seed] : [80, 40, 9], seed < 5 ? 3.3 : 6),
    );
    const trials = [...Array.from({ length: 9 }, (_, seed) => full(seed)), ...late];
    const options = { looks: { first: 3, last: 20 } };
    const { n, meanDeltaPercent, decidedAt } = judge(trials, options).matrices[0].arms.frozen;
    const figures = figuresOf(trials, options);
    expect(decidedAt).toBe(n);
    expect(n).toBeLessThanOrEqual(5);
    expect(figures.deltaCurve!.at(-1)!.mean).toBe(meanDeltaPercent);
    expect(figures.deltaBeforePercent).toMatchObject({ n });
    expect(figures.deltaBeforePercent.mean).toBeCloseTo(8, 9);
    const losses = Array.from({ length: n }, (_, seed) => fullLoss(seed) * (1 + (0.01 * seed) / 100));
    expect(figures.lossAfter.n).toBe(n);
    expect(figures.lossAfter.mean).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / n, 9);
    expect(figures.curve.at(-1)!.mean).toBe(figures.lossAfter.mean);
    expect(figures.lossBefore.n).toBe(n);
    expect(figures.generalLossAfter).toMatchObject({ mean: expect.closeTo(3.3, 9), n });
    expect(figures.generalDeltaPercent).toMatchObject({ mean: expect.closeTo(10, 9), n });
  });

  test("of full are over all of its seeds, and it has no distance to itself", () => {
    const trials = [0, 1, 2].map(full);
    const figures = armFiguresOf(trials, { arm: "full", matrices: [] }, judge(trials));
    expect(figures.lossAfter).toMatchObject({ mean: expect.closeTo(2.3, 9), n: 3 });
    expect(figures.deltaCurve).toBeUndefined();
    expect(figures.deltaPercent.mean).toBeNull();
  });

  test("leave out seeds that diverged, of the arm or of full", () => {
    const trials = [
      ...[0, 1, 2].map(full),
      sampleTrial({ arm: "full", seed: 3, loss: 2, outcome: diverged }),
      ...[0, 1, 3].map((seed) => trial("frozen", seed, [4, 2, 0.2 * (seed + 1)])),
      sampleTrial({ arm: "frozen", seed: 2, loss: 2, outcome: diverged }),
    ];
    const { deltaCurve, lossAfter, deltaPercent } = figuresOf(trials);
    expect(deltaPercent).toMatchObject({ mean: null, n: 3 });
    expect(deltaCurve!.at(-1)!.mean).toBeCloseTo(0.3, 9);
    expect(lossAfter.n).toBe(2);
  });

  test("without a seed of full the losses stand alone", () => {
    const trials = [0, 1].map((seed) => trial("frozen", seed, [4, 2, 1]));
    const { deltaCurve, lossAfter, curve } = figuresOf(trials);
    expect(deltaCurve).toEqual([]);
    expect(lossAfter.n).toBe(2);
    expect(curve.length).toBe(3);
  });

  test("an evaluation that full lacks is no point of the distance", () => {
    const own = trial("frozen", 0, [4, 2, 1]);
    const rare = trial("full", 0, [0, 0, 0]);
    const outcome = finished(rare);
    const { deltaCurve } = figuresOf([
      { ...rare, outcome: { ...outcome, curve: outcome.curve.filter(([step]) => step !== 25) } },
      own,
    ]);
    expect(deltaCurve!.map(({ step }) => step)).toEqual([0, 50]);
  });
});
