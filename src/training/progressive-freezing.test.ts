import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FreezingGroup } from "./freezing-group.js";
import {
  beforeTheFirst,
  beginsInterval,
  decideFreeze,
  decideThaw,
  defaultProgressive,
  endsInterval,
  type ProgressiveOptions,
  type RuleMemory,
  type Situation,
} from "./progressive-freezing.js";

const group = (key: string, size: number): FreezingGroup => ({ key, names: [`${key}.a`, `${key}.b`], size });
const groups = [group("embeddings", 40), group("block 0", 20), group("block 1", 20)];
const options: ProgressiveOptions = {
  ...{ every: 10, after: 5, what: "prefix", threshold: 0.5, most: 0.8, tolerance: 1 },
};
const measured: RuleMemory = {
  ...beforeTheFirst,
  first: { embeddings: 2, "block 0": 4, "block 1": 8 },
};

function situation(frozen: readonly FreezingGroup[] = [], step = 25): Situation {
  return {
    ...{ step, groups, parameters: 100 },
    frozen: new Set(frozen.flatMap(({ names }) => names)),
    frozenParameters: frozen.reduce((sum, { size }) => sum + size, 0),
  };
}
const moved = (...values: readonly number[]) => new Map(groups.map(({ key }, index) => [key, values[index]]));
const keys = ({ groups: chosen }: { readonly groups: readonly FreezingGroup[] }) => chosen.map(({ key }) => key);

describe("the rule's intervals", () => {
  it("begin after the warm-up and follow each other", () => {
    const steps = Array.from({ length: 31 }, (_, step) => step);
    expect(steps.filter((step) => beginsInterval(options, step))).toEqual([5, 15, 25]);
    expect(steps.filter((step) => endsInterval(options, step))).toEqual([15, 25]);
  });
});

describe("the rule freezes", () => {
  it("nothing at the end of the first interval, which all later ones are held against", () => {
    const decision = decideFreeze({ ...options, threshold: 100 }, beforeTheFirst, moved(2, 4, 8), situation());
    expect(decision.groups).toEqual([]);
    expect(decision.memory.first).toEqual(measured.first);
  });

  it("the next group from the bottom, and only that one", () => {
    const decision = decideFreeze(options, measured, moved(0.98, 0.1, 0.1), situation());
    expect(keys(decision)).toEqual(["embeddings"]);
    expect(decision.reason).toBe("moved 0.49 of the first interval's movement, below 0.5");
    expect(decision.memory.recent).toEqual(["embeddings"]);
    expect(keys(decideFreeze(options, measured, moved(1, 0.1, 0.1), situation()))).toEqual([]);
    expect(keys(decideFreeze(options, measured, moved(0, 0.1, 0.1), situation([groups[0]])))).toEqual(["block 0"]);
  });

  it("any matrix, and all at once", () => {
    const matrices = { ...options, what: "matrices" } as const;
    const decision = decideFreeze(matrices, measured, moved(1, 1.9, 0.8), situation());
    expect(keys(decision)).toEqual(["block 0", "block 1"]);
    expect(decision.reason).toBe("moved at most 0.47 of the first interval's movement, below 0.5");
  });

  it("no more than is allowed, and never the last that trains", () => {
    const still = moved(0, 0, 0);
    expect(keys(decideFreeze({ ...options, most: 0.6 }, measured, still, situation([groups[0]])))).toEqual(["block 0"]);
    expect(keys(decideFreeze({ ...options, most: 0.59 }, measured, still, situation([groups[0]])))).toEqual([]);
    const all = { ...situation([groups[0], groups[1]]), parameters: 80 };
    expect(keys(decideFreeze({ ...options, most: 1 }, measured, still, all))).toEqual([]);
  });

  it("nothing that was not measured", () => {
    expect(keys(decideFreeze(options, measured, new Map(), situation()))).toEqual([]);
    expect(keys(decideFreeze(options, { ...measured, first: {} }, moved(0, 0, 0), situation()))).toEqual([]);
  });
});

describe("the rule thaws", () => {
  const frozen: RuleMemory = { ...measured, recent: ["embeddings"], lowest: 2 };
  const at = (step: number) => ({ step, groups });

  it("what it froze since the last good evaluation after two bad ones in a row", () => {
    const first = decideThaw(options, frozen, 2.03, at(30));
    expect(keys(first)).toEqual([]);
    const second = decideThaw(options, first.memory, 2.04, at(40));
    expect(keys(second)).toEqual(["embeddings"]);
    expect(second.reason).toBe(
      "held-out loss 2.0400 is 2.0% above the lowest, at the second evaluation in a row beyond 1%",
    );
    expect(second.memory).toEqual({ ...frozen, recent: [], rises: 0, heldUntil: { embeddings: 60 } });
  });

  it("nothing after a good one in between, or within the tolerance", () => {
    const first = decideThaw(options, frozen, 2.03, at(30));
    const good = decideThaw(options, first.memory, 2.019, at(40));
    expect(good.memory).toMatchObject({ recent: [], rises: 0, lowest: 2 });
    expect(keys(decideThaw(options, good.memory, 2.1, at(50)))).toEqual([]);
  });

  it("not for evaluations before the freeze", () => {
    const bad = decideThaw(options, { ...measured, lowest: 2 }, 2.5, at(20));
    const again = decideThaw(options, bad.memory, 2.5, at(22));
    const freeze = decideFreeze(options, again.memory, moved(0, 0, 0), situation());
    expect(keys(freeze)).toEqual(["embeddings"]);
    expect(keys(decideThaw(options, freeze.memory, 2.5, at(30)))).toEqual([]);
  });

  it("and does not freeze the same again for two intervals", () => {
    const thawed = { ...measured, heldUntil: { embeddings: 60 } };
    expect(keys(decideFreeze(options, thawed, moved(0, 0, 0), situation([], 55)))).toEqual([]);
    expect(keys(decideFreeze(options, thawed, moved(0, 0, 0), situation([], 65)))).toEqual(["embeddings"]);
  });

  it("only what it froze itself, whatever the losses", () => {
    const event = fc.oneof(
      fc.record({
        kind: fc.constant("movements" as const),
        values: fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 3, maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant("loss" as const),
        values: fc.array(fc.double({ min: 1, max: 3, noNaN: true }), { minLength: 1, maxLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60 }),
        fc.constantFrom("prefix" as const, "matrices" as const),
        (events, what) => {
          let memory = measured;
          let frozen: FreezingGroup[] = [];
          events.forEach(({ kind, values }, index) => {
            const step = 15 + 10 * index;
            if (kind === "movements") {
              const decision = decideFreeze({ ...options, what }, memory, moved(...values), situation(frozen, step));
              expect(decision.groups.some((one) => frozen.includes(one))).toBe(false);
              frozen = [...frozen, ...decision.groups];
              memory = decision.memory;
            } else {
              const decision = decideThaw({ ...options, what }, memory, values[0], at(step));
              expect(decision.groups.every((one) => frozen.includes(one))).toBe(true);
              frozen = frozen.filter((one) => !decision.groups.includes(one));
              memory = decision.memory;
            }
            expect(frozen.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(80);
          });
        },
      ),
    );
  });
});

describe("the default", () => {
  it("leaves something to train", () => {
    expect(defaultProgressive.most).toBeLessThan(1);
    expect(defaultProgressive.threshold).toBeLessThan(1);
  });
});
