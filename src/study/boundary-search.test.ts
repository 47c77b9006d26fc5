import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Arm } from "../crystal/arm.js";
import { doublingSizes, type MatrixSet, searchBoundary } from "./boundary-search.js";

const arm: Arm = { kind: "frozen" };
const orderOf = (count: number): MatrixSet => Array.from({ length: count }, (_, index) => ({ name: `m${index}`, arm }));
const namesOf = (set: MatrixSet) => set.map(({ name }) => name);

/** Answers from a cost for each matrix: a set holds while their sum is below 1. Counts what it is asked. */
function world(costs: ReadonlyMap<string, number>, allowed = Number.POSITIVE_INFINITY) {
  const asked: string[][] = [];
  const holds = async (set: MatrixSet) => {
    if (asked.length >= allowed) return null;
    asked.push(namesOf(set));
    return set.reduce((sum, { name }) => sum + (costs.get(name) ?? 0), 0) < 1;
  };
  return { asked, holds };
}

test("sizes double up to all", () => {
  expect([0, 1, 2, 6, 8].map(doublingSizes)).toEqual([[], [1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8]]);
});

describe("the search", () => {
  test("takes everything where everything holds", async () => {
    const { holds, asked } = world(new Map());
    const found = await searchBoundary(orderOf(11), holds, { mostPassedOver: 3 });
    expect(namesOf(found.held)).toEqual(namesOf(orderOf(11)));
    expect(found.stopped).toBe("complete");
    expect(asked.map(({ length }) => length)).toEqual([1, 2, 4, 8, 11]);
  });

  test("finds nothing where nothing holds, and says what it passed over", async () => {
    const { holds } = world(new Map(namesOf(orderOf(6)).map((name) => [name, 2])));
    const found = await searchBoundary(orderOf(6), holds, { mostPassedOver: 2 });
    expect(found).toMatchObject({ held: [], stopped: "passed over enough" });
    expect(found.passedOver).toEqual([
      { name: "m0", size: 0 },
      { name: "m1", size: 0 },
    ]);
  });

  test("passes over exactly the vital ones among harmless ones, wherever they stand in the order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.uniqueArray(fc.nat(39), { maxLength: 4 }),
        async (count, places) => {
          const vital = places.filter((place) => place < count).map((place) => `m${place}`);
          const { holds, asked } = world(new Map(vital.map((name) => [name, 5])));
          const found = await searchBoundary(orderOf(count), holds, { mostPassedOver: 4 });
          const harmless = namesOf(orderOf(count)).filter((name) => !vital.includes(name));
          expect(namesOf(found.held)).toEqual(harmless);
          expect(new Set(found.passedOver.map(({ name }) => name))).toEqual(new Set(vital));
          // Doubling and bisection: about a logarithm for each, not a walk through the order.
          expect(asked.length).toBeLessThanOrEqual((vital.length + 1) * 2 * (Math.log2(count) + 2));
        },
      ),
    );
  });

  test("stops within what is affordable of equal costs, with a set that holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 40 }), async (count, affordable) => {
        const cost = 0.999999 / affordable;
        const { holds } = world(new Map(namesOf(orderOf(count)).map((name) => [name, cost])));
        const found = await searchBoundary(orderOf(count), holds, { mostPassedOver: 2 });
        expect(found.held).toHaveLength(Math.min(count, affordable));
      }),
    );
  });

  test("ends with what it has when the budget is out", async () => {
    const { holds, asked } = world(new Map([["m5", 5]]), 4);
    const found = await searchBoundary(orderOf(16), holds, { mostPassedOver: 2 });
    expect(found.stopped).toBe("budget");
    expect(found.held).toHaveLength(4);
    expect(asked.map(({ length }) => length)).toEqual([1, 2, 4, 8]);
  });
});
