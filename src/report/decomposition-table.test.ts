import { describe, expect, test } from "vitest";
import { olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import { decompositionNotes } from "./decomposition-table.js";

describe("what the interval over examples belongs to", () => {
  const { verdicts } = sampleTestRecord();

  test("the mean over tokens, where each example counts by its own", () => {
    const notes = decompositionNotes(verdicts, 128).join(" ");
    expect(notes).toMatch(/the 128 held-out examples are drawn again, each with all its scored tokens/);
    expect(notes).not.toMatch(/unweighted/);
  });

  test("the mean over examples, where their tokens were not known, as in older records", () => {
    const bare = structuredClone(verdicts);
    for (const { arms } of bare.matrices)
      for (const { bootstrap } of Object.values(arms)) if (bootstrap) delete bootstrap.weights;
    for (const record of [bare, olderTestRecord().verdicts])
      expect(decompositionNotes(record, 128).join(" ")).toMatch(
        /examples are drawn again; 95% percentile interval for the unweighted mean over examples/,
      );
  });
});
