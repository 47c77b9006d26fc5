import { describe, expect, it } from "vitest";
import { olderTestRecord, sampleTestRecord } from "../../test/sample-test-record.js";
import { armSeeds, looksMethod, pairedSeeds, savedSentence, verdictSeeds } from "./seeds-used.js";

describe("savedSentence", () => {
  it("speaks of what is saved so far while something may still get seeds", () => {
    const record = sampleTestRecord();
    record.verdicts.sequential = { firstLook: 3, lastLook: 20 };
    expect(savedSentence(record)).toMatch(/^So far it took 214 trials/);
  });

  it("claims no saving where there is none", () => {
    const record = sampleTestRecord();
    record.trials.fixedDesign = 214;
    expect(savedSentence(record)).toMatch(/: nothing was saved\.$/);
    record.trials = { finished: 0, diverged: 0, failed: 0, fixedDesign: 480 };
    expect(savedSentence(record)).toBeNull();
  });

  it("gives no time that is unknown", () => {
    expect(savedSentence({ ...sampleTestRecord(), trialSeconds: 0 })).toMatch(/55% saved\. Arms behind/);
  });

  it("speaks of arms that wait only where one stands behind an open one", () => {
    const record = sampleTestRecord();
    const [judged] = record.verdicts.matrices;
    const arm = (holds: boolean) => ({ ...judged.arms.frozen, holds, shownWorse: false });
    const open = (holding: readonly boolean[]) => {
      const arms = Object.fromEntries(["frozen", "crystal", "random"].map((name, i) => [name, arm(holding[i])]));
      record.verdicts.matrices = [{ ...judged, verdict: "undecided", arms }];
      return savedSentence(record);
    };
    expect(open([true, false, false])).toContain("Arms behind one that stayed open");
    expect(open([true, true, false])).not.toContain("Arms behind");
  });

  it("counts the trials of the design alone", () => {
    const record = sampleTestRecord();
    const { finished, diverged, failed, fixedDesign } = record.trials;
    record.trials.others = 100;
    const run = finished + diverged + failed - 100;
    expect(savedSentence(record)).toContain(`it took ${run} trials of the ${fixedDesign! - 100} that`);
    expect(savedSentence(record)).toContain(`${Math.round(100 * (1 - run / (fixedDesign! - 100)))}% saved`);
  });
});

describe("a test that was judged once", () => {
  const record = olderTestRecord();

  it("has nothing to say of looks", () => {
    expect(savedSentence(record)).toBeNull();
    expect(looksMethod(record.verdicts)).toBeNull();
    expect(verdictSeeds(record.verdicts.matrices[0], record.verdicts)).toBeNull();
    expect(pairedSeeds(record)).toBe("12 paired seeds");
  });
});

describe("seeds of a verdict", () => {
  it("are those of the slowest arm that it rests on, trainable ones apart", () => {
    const { verdicts } = sampleTestRecord();
    const [needed] = verdicts.matrices;
    needed.arms["frozen:trainable"] = { ...needed.arms.frozen, n: 9, decidedAt: 9 };
    expect(verdictSeeds(needed, verdicts)).toBe("decided after 3 seeds");
    expect(verdictSeeds({ ...needed, verdict: "freezable" }, verdicts)).toBe("decided after 5 seeds");
    expect(verdictSeeds({ ...needed, verdict: "low-rank" }, verdicts)).toBe("decided after 7 seeds");
    expect(verdictSeeds(undefined, verdicts)).toBeNull();
  });

  it("are absent for an arm without trials", () => {
    expect(armSeeds(undefined)).toBe("–");
  });
});
