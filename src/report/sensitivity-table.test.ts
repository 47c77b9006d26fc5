import { expect, test } from "vitest";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import type { TestRecord } from "../records/test-record.js";
import { sensitivitySentence, sensitivityTable } from "./sensitivity-table.js";

type Verdict = TestRecord["verdicts"]["matrices"][number]["verdict"];

/** Two targets, with their verdicts at the test's own rate and at twice that. */
function recordOf(own: readonly Verdict[], twice: readonly Verdict[]): TestRecord {
  const record = sampleTestRecord();
  const targets = record.targets.slice(0, own.length);
  const [{ arms }] = record.sensitivity![0].matrices;
  return {
    ...record,
    targets,
    verdicts: {
      ...record.verdicts,
      matrices: targets.map(({ name }, i) => {
        const judged = record.verdicts.matrices.find((matrix) => matrix.name === name)!;
        return { ...judged, verdict: own[i] };
      }),
    },
    sensitivity: [
      { learningRate: 0.0006, matrices: targets.map(({ name }, i) => ({ name, verdict: twice[i], arms })) },
    ],
  };
}

test("another decided verdict contradicts, an undecided one does not", () => {
  expect(sensitivitySentence(recordOf(["redundant", "needed"], ["low-rank", "undecided"]))).toMatch(
    /^1 of 2 decided verdicts is contradicted at .*: \S+ \(redundant, but low-rank at 0\.0006\)\. Undecided at one rate and not at another: \S+ \(needed, but undecided at 0\.0006\)\.$/,
  );
  expect(sensitivitySentence(recordOf(["redundant", "undecided"], ["redundant", "needed"]))).toMatch(
    /^The one decided verdict is not contradicted .* Undecided at .*\(undecided, but needed at 0\.0006\)\.$/,
  );
});

test("where nothing is decided nothing can be contradicted", () => {
  expect(sensitivitySentence(recordOf(["undecided"], ["undecided"]))).toMatch(
    /^No verdict is decided, so that none can/,
  );
});

test("the number of seeds at the other rates stands below", () => {
  const record = recordOf(["redundant"], ["redundant"]);
  const { firstLook } = record.verdicts.sequential!;
  expect(sensitivityTable(record)!.notes[0]).toContain(`; ${firstLook} seeds each at the other rates, judged once.`);
});
