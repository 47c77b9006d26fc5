import { describe, expect, test } from "vitest";
import type { TrialRecord } from "../records/trial-record.js";
import { trialControls } from "./control-trials.js";

/** @param losses of the seeds 1, 2, ...; null for a diverged trial. */
function trials(
  purpose: TrialRecord["purpose"],
  arm: string,
  matrices: string[],
  losses: (number | null)[],
): TrialRecord[] {
  return losses.map((loss, index) => ({
    ...{ schema: "deadweight/trial@1", version: "0", key: `${purpose} ${arm} ${matrices.join()} ${index}` },
    ...{ purpose, arm, matrices, seed: index + 1, steps: 1, learningRate: 1, trainableParameters: 1, wallSeconds: 1 },
    outcome:
      loss === null
        ? { kind: "diverged", step: 1 }
        : {
            ...{
              kind: "finished",
              heldOutLossBefore: 3,
              heldOutLossAfter: loss,
              trainLossFirst: 3,
              trainLossLast: loss,
            },
            ...{ curve: [[0, 3]], heldOutLossPerExample: [loss], frozenSha256: {} },
          },
  }));
}

const full = trials("sft", "full", [], [2, 2.1, 1.9]);
const of = (arm: string, matrices: string[], losses: (number | null)[]) =>
  trialControls([...full, ...trials("control", arm, matrices, losses)], 0.5, 0.95);

describe("control trials", () => {
  test("a planted dead matrix must cost nothing", () => {
    expect(of("random", ["planted"], [2, 2.1, 1.9])["planted dead matrix"]).toMatchObject({ passed: true });
    expect(of("random", ["planted"], [2.02, 2.12, 1.92])["planted dead matrix"].passed).toBe(false);
  });

  test("all attention at random must be shown worse than the margin", () => {
    const worse = of("random", ["a", "b"], [2.4, 2.5, 2.3])["all attention randomised"];
    expect(worse.passed).toBe(true);
    expect(worse.text).toMatch(/^All 2 attention matrices .*\+20\.0/);
    // Worse on average, but not shown.
    expect(of("random", ["a", "b"], [2.0, 2.5, 1.9])["all attention randomised"].passed).toBe(false);
    // As an arm is judged: one of three that diverges does not show it, all three do.
    const one = of("random", ["a", "b"], [null, 2.5, 2.3])["all attention randomised"];
    expect(one.passed).toBe(false);
    expect(one.text).toContain("diverges in 1 of 3 seeds");
    expect(of("random", ["a", "b"], [null, null, null])["all attention randomised"].passed).toBe(true);
  });

  test("a target that is treated like a control does not count for it", () => {
    const losses = [2.01, 2.2, 1.93];
    const control = trials("control", "random", ["a", "b"], losses);
    const target = trials("sft", "random", ["a", "b"], losses);
    const alone = trialControls([...full, ...control], 0.5, 0.95);
    expect(trialControls([...full, ...control, ...target], 0.5, 0.95)).toEqual(alone);
    expect(alone["all attention randomised"].text).toContain("3 seeds");
  });

  test("scattered entries are a comparison, with their number", () => {
    const control = of("frozen", ["scattered(4096)"], [2.01, 2.11, 1.91])["scattered entries frozen"];
    expect(control.passed).toBe(true);
    expect(control.text).toMatch(/^4096 entries, .*\+0\.\d+% \[/);
  });

  test("one seed shows nothing, and a control without its `full` fails", () => {
    const one = of("random", ["planted"], [2])["planted dead matrix"];
    expect(one).toMatchObject({ passed: false, checked: false });
    expect(one.text).toContain("0.000%, and one seed gives no interval");
    const alone = trialControls(trials("control", "random", ["planted"], [2, 2]), 0.5, 0.95);
    expect(alone["planted dead matrix"]).toEqual({
      ...{ passed: false, checked: false },
      text: "No trial of the planted matrix is paired with `full`.",
    });
    const lost = trialControls(trials("control", "frozen", ["scattered(9)"], [null]), 0.5, 0.95);
    expect(lost["scattered entries frozen"]).toMatchObject({ passed: false, checked: false });
    expect(trialControls(full, 0.5, 0.95)).toEqual({});
  });
});
