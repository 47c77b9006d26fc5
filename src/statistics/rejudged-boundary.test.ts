import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleBoundaryRecord } from "../../test/sample-boundary-record.js";
import { UsageError } from "../foundation/errors.js";
import { boundaryMarginRecord } from "../records/boundary-margin-record.js";
import type { ActionBoundary, BoundaryRecord, SeedDeltaRecord, TriedSet } from "../records/boundary-record.js";
import { rejudgeAtMargins, rejudgeBoundary } from "./rejudged-boundary.js";

const record = sampleBoundaryRecord();
const bySeed = (values: readonly (number | null)[]): SeedDeltaRecord =>
  values.map((value, index) => [index + 1, value]);

const tried = (size: number, values: readonly (number | null)[]): TriedSet => ({
  ...{ ...record.actions[0].tried[0], size, matrices: Array.from({ length: size }, (_, index) => `m.${index}`) },
  ...{ parameters: 10 * size, share: size / 100, deltas: bySeed(values) },
});

/** One look, so that the interval is Student's with no correction. */
function judgedOnce(sets: readonly TriedSet[], attempts: readonly (readonly (number | null)[])[]): BoundaryRecord {
  const [action] = record.actions;
  const own: ActionBoundary = {
    ...{ ...action, tried: [...sets], confirmed: null },
    attempts: attempts.map((values, index) => ({
      ...{ ...action.attempts[0], size: 10 - index, parameters: 100 - index, part: index + 1, confidence: 0.95 },
      ...{ deltas: bySeed(values), seeds: values.map((_, seed) => seed + 1) },
    })),
  };
  return { ...record, seeds: { ...record.seeds, firstLook: 3, lastLook: 3 }, actions: [own] };
}

describe("rejudgeBoundary", () => {
  // Mean 0.2, deviation 0.1, 0.975 quantile of t with two degrees of freedom 4.302653: 0.2 +- 4.302653 * 0.1 / sqrt(3).
  const values = [0.1, 0.2, 0.3];
  const high = 0.448414;

  it("takes the largest tried set whose interval ends below the margin", () => {
    const own = judgedOnce([tried(2, values), tried(4, values), tried(8, [0.5, 0.6, 0.7]), tried(9, [0])], []);
    const [{ held }] = rejudgeBoundary(own, { margin: 0.45, confidence: 0.95 }).actions;
    expect(held?.size).toBe(4);
    expect(held?.deltaPercent.high).toBeCloseTo(high, 6);
    expect(held?.deltaPercent.low).toBeCloseTo(0.4 - high, 6);
    expect(rejudgeBoundary(own, { margin: 0.44, confidence: 0.95 }).actions[0].held).toBeNull();
    expect(rejudgeBoundary(own, { margin: 1, confidence: 0.95 }).actions[0].held?.size).toBe(8);
  });

  it("judges each attempt anew, a diverged seed as infinitely worse", () => {
    const own = judgedOnce([], [[0.5, 0.6, 0.7], [0.1, null, 0.3], values]);
    const at = (margin: number) => rejudgeBoundary(own, { margin, confidence: 0.95 }).actions[0];
    expect(at(0.3).attempts.map(({ result }) => result)).toEqual(["failed", "undecided", "undecided"]);
    expect(at(0.3).confirmed).toBeNull();
    expect(at(0.45).confirmed).toBe(2);
    expect(at(0.45).attempts[2].high).toBeCloseTo(high, 6);
    expect(at(1).attempts.map(({ result }) => result)).toEqual(["confirmed", "undecided", "confirmed"]);
    // The largest of those that hold.
    expect(at(1).confirmed).toBe(0);
    expect(at(1).attempts[1]).toMatchObject({ mean: null, low: null, high: null });
  });

  it("keeps an attempt's share of the error at another confidence", () => {
    const { attempts } = rejudgeBoundary(record, { margin: 0.5, confidence: 0.9 }).actions[0];
    expect(attempts[0].confidence).toBeCloseTo(1 - 0.1 / 3, 12);
  });

  it("says at the record's own margin what the record says", () => {
    const { actions } = rejudgeBoundary(record, { margin: record.margin, confidence: record.confidence });
    for (const [index, { attempts, confirmed }] of actions.entries()) {
      const own = record.actions[index];
      expect(confirmed).toBe(own.confirmed);
      expect(attempts.map(({ result }) => result)).toEqual(own.attempts.map(({ result }) => result));
    }
  });

  it("never takes back what held when the margin grows", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (margin, factor) => {
          const [near, far] = [margin, margin * factor].map((own) =>
            rejudgeBoundary(record, { margin: own, confidence: 0.95 }),
          );
          for (const [index, { held, attempts }] of near.actions.entries()) {
            expect(far.actions[index].held?.size ?? 0).toBeGreaterThanOrEqual(held?.size ?? 0);
            for (const [place, { result }] of attempts.entries())
              if (result === "confirmed") expect(far.actions[index].attempts[place].result).toBe("confirmed");
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("makes a record that can be read again, for each margin of the table", () => {
    const judged = rejudgeAtMargins({ ...record, margin: 0.7 });
    expect(judged.map(({ margin }) => margin)).toEqual([0.25, 0.5, 0.7, 1, 2, 5]);
    for (const one of judged) expect(boundaryMarginRecord.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  it("refuses a margin or a confidence that means nothing", () => {
    expect(() => rejudgeBoundary(record, { margin: 0, confidence: 0.95 })).toThrow(UsageError);
    expect(() => rejudgeBoundary(record, { margin: 1, confidence: 95 })).toThrow(UsageError);
  });
});
