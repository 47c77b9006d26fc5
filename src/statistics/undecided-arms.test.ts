import { describe, expect, test } from "vitest";
import { sampleTrials } from "../../test/sample-trials.js";
import { undecidedArms } from "./undecided-arms.js";

const looks = { first: 3, last: 8 };
const low = [0, 0.01, -0.01, 0, 0.01];
const high = low.map((x) => x + 3);
const open = [0.2, 0.7, 0.4, 0.6, 0.1];
const arms = ["frozen", "crystal", "random"];
const next = (deltas: Readonly<Record<string, readonly number[]>>, options = {}) =>
  undecidedArms(sampleTrials(deltas, "m"), { looks, targets: [{ matrices: ["m"], arms }], ...options }).map(
    ({ arm }) => arm,
  );

describe("the arm that still needs trials", () => {
  test.each([
    ["frozen is open", { frozen: open, crystal: low, random: high }, ["frozen"]],
    ["frozen is shown worse: done", { frozen: high, crystal: open, random: open }, []],
    ["frozen holds, crystal is open", { frozen: low, crystal: open, random: low }, ["crystal"]],
    ["frozen holds, crystal has no trial", { frozen: low }, ["crystal"]],
    ["crystal is shown worse: done", { frozen: low, crystal: high, random: open }, []],
    ["random is open", { frozen: low, crystal: low, random: open }, ["random"]],
    ["random holds: done", { frozen: low, crystal: low, random: low }, []],
    ["nothing has run", {}, ["frozen"]],
    ["the first look is still to come", { frozen: low.slice(0, 2) }, ["frozen"]],
  ])("%s", (_, deltas, wanted) => {
    expect(next(deltas)).toEqual(wanted);
  });

  test("none after the last look, and none that is not to be run", () => {
    expect(next({ frozen: [...open, 0.8, 0.3, 0.5] })).toEqual([]);
    expect(next({ frozen: low }, { targets: [{ matrices: ["m"], arms: ["frozen", "random"] }] })).toEqual([]);
  });

  test("without looks or targets: what has trials, without a last seed", () => {
    expect(undecidedArms(sampleTrials({ frozen: open, random: low }, "m"))).toMatchObject([
      { matrices: ["m"], arm: "frozen", seeds: 5 },
    ]);
  });

  test("closest to its decision first", () => {
    const trials = [
      ...sampleTrials({ frozen: [0.3, 0.8, 0.1, 0.9] }, "far"),
      ...sampleTrials({ frozen: [0.1, 0.3, 0.2, 0.1] }, "near"),
      ...sampleTrials({ frozen: [0.2, 0.1] }, "new"),
    ];
    const ordered = undecidedArms(trials, { looks: { first: 3, last: 20 } });
    expect(ordered.map(({ matrices }) => matrices[0])).toEqual(["new", "near", "far"]);
    expect(ordered[1].expectedSeeds).toBeGreaterThan(4);
  });

  test("targets without trials count in the correction over matrices", () => {
    const trials = sampleTrials({ frozen: [0, 0.1, -0.1, 0.05] }, "m");
    const alone = { matrices: ["m"], arms: ["frozen"] };
    const others = Array.from({ length: 40 }, (_, i) => ({ matrices: [`x${i}`], arms: ["frozen"] }));
    const named = (targets: readonly { matrices: string[]; arms: string[] }[]) =>
      undecidedArms(trials, { looks, targets }).filter(({ matrices }) => matrices[0] === "m").length;
    expect([named([alone]), named([alone, ...others])]).toEqual([0, 1]);
  });
});
