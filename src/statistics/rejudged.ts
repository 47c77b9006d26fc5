/** @file A record with the verdicts of another judgement in place of its own: for another margin or confidence. */
import type { ArmFigures } from "../records/arm-figures.js";
import type { TestRecord } from "../records/test-record.js";
import type { MatrixVerdict, VerdictsRecord } from "../records/verdicts-record.js";

/** The arm's figures with the interval of the judgement. */
export function withInterval<Arm extends ArmFigures & { readonly arm: string }>(
  arm: Arm,
  judged: MatrixVerdict | undefined,
): Arm {
  const summary = judged?.arms[arm.arm];
  if (!summary) return arm;
  const { meanDeltaPercent: mean, low, high, n } = summary;
  return { ...arm, deltaPercent: { mean, low, high, n } };
}

/** A folder may hold trials of matrices that this test did not name: they stay out. */
export function rejudged(record: TestRecord, verdicts: VerdictsRecord): TestRecord {
  const names = new Set(record.targets.map(({ name }) => name));
  return {
    ...record,
    verdicts: { ...verdicts, matrices: verdicts.matrices.filter(({ name }) => names.has(name)) },
    targets: record.targets.map((target) => ({
      ...target,
      arms: target.arms.map((arm) =>
        withInterval(
          arm,
          verdicts.matrices.find(({ name }) => name === target.name),
        ),
      ),
    })),
  };
}
