import { describe, expect, it } from "vitest";
import { sampleBoundaryRecord } from "../../test/sample-boundary-record.js";
import { rejudgeAtMargins, rejudgeBoundary } from "../statistics/rejudged-boundary.js";
import { boundaryMarginsText } from "./boundary-margins-text.js";
import { boundaryTables } from "./boundary-tables.js";

const record = sampleBoundaryRecord();
const plain = { color: false, width: 100 };

describe("boundaryTables", () => {
  const text = boundaryTables(record, plain);

  it("begins with the warnings and answers, and ends with what they do not say", () => {
    expect(text.startsWith("Warning: 2 trials failed")).toBe(true);
    expect(text).toContain("Of 42 matrices (39.3% of the parameters), 16 (38%,");
    expect(text.trimEnd().endsWith("that is.")).toBe(true);
  });

  it("has the curve, the attempts, the savings and the groups", () => {
    for (const title of [
      "The curve",
      "Confirmation on fresh seeds",
      "What the confirmed sets save",
      "The sets of paper 64",
    ])
      expect(text).toContain(title);
  });

  it("draws a longer bar for a greater cost", () => {
    const bars = text.split("\n").flatMap((line) => line.match(/█+/)?.[0].length ?? []);
    expect(Math.max(...bars)).toBe(16);
    expect(Math.min(...bars)).toBe(1);
  });

  it("keeps within the width", () => {
    for (const width of [60, 80, 100, 140])
      for (const line of boundaryTables(record, { color: false, width }).split("\n"))
        expect(line.length).toBeLessThanOrEqual(width);
  });

  it("leaves out what there is nothing of", () => {
    const { groups: _, ...rest } = record;
    const actions = [{ ...record.actions[2], attempts: [], tried: [], held: [], passedOver: [] }];
    const short = boundaryTables({ ...rest, actions, warnings: [] }, plain);
    expect(short).not.toContain("The curve");
    expect(short).not.toContain("paper 64");
    expect(short).toContain("no set was tried");
    expect(boundaryTables({ ...rest, actions: [], warnings: [] }, plain)).toContain("No action was searched.");
  });
});

describe("boundaryMarginsText", () => {
  it("has a row for each action and margin", () => {
    const one = boundaryMarginsText([rejudgeBoundary(record, { margin: 1, confidence: 0.95 })], plain);
    const [margins, attempts] = one.split("\n\n");
    expect(margins.split("\n").filter((line) => /^(freeze|crystal|random) +1 /.test(line))).toHaveLength(3);
    // 29 matrices at +0.71 [+0.50, +0.92] cost more than 0.5% and less than 1%; one seed of the first attempt at random diverged.
    expect(attempts).toMatch(/^freeze +1 +29 .*confirmed$/m);
    expect(attempts).toMatch(/^random +1 +6 .*– +undecided$/m);
    const several = boundaryMarginsText(rejudgeAtMargins(record), plain);
    expect(several).toContain("0.25");
    expect(several).not.toContain("The attempts");
    expect(several).toContain("none");
    // Each action is named in its first row only.
    expect(several.match(/^freeze/gm)).toHaveLength(1);
  });
});
