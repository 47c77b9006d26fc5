import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spreadLabels } from "./spread-labels.js";

describe("spreadLabels", () => {
  it("moves labels apart about their common mean, in the order they came", () => {
    expect(spreadLabels([50, 50], 10, 100)).toEqual([45, 55]);
    expect(spreadLabels([52, 10, 50], 10, 100)).toEqual([56, 10, 46]);
  });

  it("keeps inside the bounds", () => {
    expect(spreadLabels([99, 99, 98], 10, 100)).toEqual([90, 100, 80]);
    expect(spreadLabels([-4, 0], 10, 100)).toEqual([0, 10]);
    expect(spreadLabels([1, 2, 3], 10, 5)).toEqual([0, 10, 20]);
  });

  it("moves no more than any other admissible placement (sum of squares)", () => {
    const gap = 10;
    const length = 100;
    const position = fc.integer({ min: 0, max: length });
    fc.assert(
      fc.property(fc.array(fc.tuple(position, position), { minLength: 1, maxLength: 5 }), (pairs) => {
        const wanted = pairs.map(([value]) => value);
        const placed = spreadLabels(wanted, gap, length);
        const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b);
        const cost = (positions: readonly number[]) =>
          positions.reduce((sum, value, index) => sum + (value - wanted[index]) ** 2, 0);
        order.slice(1).forEach((index, place) => {
          expect(placed[index] - placed[order[place]]).toBeGreaterThanOrEqual(gap - 1e-9);
        });
        // Any sorted slack with the gaps added back is admissible.
        const slack = pairs.map(([, value]) => (value * (length - (pairs.length - 1) * gap)) / length);
        slack.sort((a, b) => a - b);
        const other = new Array<number>(wanted.length);
        order.forEach((index, place) => {
          other[index] = slack[place] + place * gap;
        });
        expect(cost(placed)).toBeLessThanOrEqual(cost(other) + 1e-9);
      }),
    );
  });
});
