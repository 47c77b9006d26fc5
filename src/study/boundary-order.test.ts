import { describe, expect, test } from "vitest";
import type { Arm } from "../crystal/arm.js";
import { actionOf } from "../crystal/planned-arm.js";
import { orderByEvidence, parametersSaved, type SingleCost } from "./boundary-order.js";

const frozen: Arm = { kind: "frozen" };
const random: Arm = { kind: "random", scale: "trained", trainable: false };
const crystal: Arm = { kind: "crystal", rank: 2, trainable: false };

function cost(name: string, deltas: readonly number[], arm: Arm = random, [rows, cols] = [10, 10]): SingleCost {
  return {
    candidate: { name, layer: 0, role: "attn.c_proj", rows, cols },
    arm,
    deltas: deltas.map((delta, index) => [index + 1, delta]),
  };
}
const namesOf = (costs: readonly SingleCost[]) => orderByEvidence(costs).map(({ candidate }) => candidate.name);

test("what an arm saves, and as which action", () => {
  const { candidate } = cost("a", [0], random, [10, 20]);
  expect([frozen, crystal, random].map((arm) => parametersSaved(arm, candidate))).toEqual([200, 140, 200]);
  expect(actionOf(crystal)).toEqual({ action: "crystal", rank: 2 });
  expect(actionOf({ ...crystal, trainable: true })).toBeNull();
});

describe("the order", () => {
  test("is by cost for each parameter saved", () => {
    const large = cost("large", [0.4, 0.4], random, [20, 10]);
    expect(namesOf([cost("dear", [0.9, 0.9]), large, cost("cheap", [0.3, 0.3])])).toEqual(["large", "cheap", "dear"]);
  });

  test("puts what gains first, by its bound, whatever its size", () => {
    const costs = [cost("less", [-0.1], random, [100, 100]), cost("more", [-0.3]), cost("costs", [0.1])];
    expect(namesOf(costs)).toEqual(["more", "less", "costs"]);
  });

  test("puts what diverged last, and what saves nothing", () => {
    const useless = cost("useless", [0], { kind: "crystal", rank: 5, trainable: false });
    expect(namesOf([useless, cost("diverged", [Number.POSITIVE_INFINITY]), cost("dear", [50])])[0]).toBe("dear");
  });

  test("bounds a cost with the variance of all matrices, save those far off", () => {
    // Three of variance 0.02 each (deviation sqrt(0.02) from two values 0.2 apart), one of 2.
    const costs = [0, 1, 2].map((mean) => cost(`m${mean}`, [mean - 0.1, mean + 0.1]));
    const [first] = orderByEvidence([...costs, cost("wild", [4, 6])]);
    // One-sided 95% of Student's t with 3 degrees of freedom: 2.353363 (SciPy), times sqrt(0.02 / 2).
    expect(first.high).toBeCloseTo(0.2353363, 6);
    // A single seed bounds nothing.
    expect(orderByEvidence([cost("a", [0.2])])[0].high).toBeNull();
  });
});
