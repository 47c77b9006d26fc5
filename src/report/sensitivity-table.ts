/** @file Verdicts and mean deltas at other learning rates beside the main ones. Knows neither terminal nor page. */
import type { RateSensitivity, TestRecord } from "../records/test-record.js";
import { absent, signed } from "./figure-text.js";
import type { Column, ReportTable } from "./report-table.js";
import { targetLabel } from "./target-label.js";
import { targetResults } from "./target-results.js";

/** The verdicts of the run as if they were one of its repetitions. */
function mainRate(record: TestRecord): RateSensitivity {
  return {
    learningRate: record.sft.learningRate,
    matrices: targetResults(record).map(({ target, verdict, arms }) => ({
      name: target.name,
      verdict,
      arms: Object.fromEntries(arms.map(({ arm, figures }) => [arm, figures.deltaPercent.mean])),
    })),
  };
}

const matrixAt = ({ matrices }: RateSensitivity, name: string) => matrices.find((matrix) => matrix.name === name);

/** Null where no rate was repeated. A row for each arm of a target; rates ascend. */
export function sensitivityTable(record: TestRecord): ReportTable | null {
  const { sensitivity = [] } = record;
  if (sensitivity.length === 0) return null;
  const main = mainRate(record);
  const rates = [...sensitivity, main].sort((a, b) => a.learningRate - b.learningRate);
  const repeated = main.matrices.filter(({ name }) => sensitivity.some((rate) => matrixAt(rate, name)));
  return {
    title: "At other learning rates",
    columns: [
      { heading: "Target" },
      { heading: "arm" },
      ...rates.flatMap((rate): Column[] => {
        const group = `learning rate ${rate.learningRate}${rate === main ? " (main)" : ""}`;
        return [
          { heading: "verdict", group, ofBlock: true },
          { heading: "mean delta %", group, align: "right" },
        ];
      }),
    ],
    rows: repeated.flatMap(({ name, verdict, arms }) => {
      const all = rates.map((rate) => matrixAt(rate, name));
      const changes = all.some((matrix) => matrix && matrix.verdict !== verdict);
      return Object.keys(arms).map((arm, index) => ({
        cells: [
          targetLabel({ name }),
          arm,
          ...all.flatMap((matrix) => [matrix?.verdict ?? absent, signed(matrix?.arms[arm], 2)]),
        ],
        ...(index > 0 && { continues: true }),
        ...(changes && { tone: "target" as const }),
      }));
    }),
    notes: ["Mean deltas against full fine-tuning at the same learning rate. Shaded: targets whose verdict changes."],
  };
}

/** Which verdicts change; null where no rate was repeated. */
export function sensitivitySentence(record: TestRecord): string | null {
  const { sensitivity = [], sft } = record;
  if (sensitivity.length === 0) return null;
  const main = mainRate(record);
  const rates = [...sensitivity].sort((a, b) => a.learningRate - b.learningRate);
  const repeated = main.matrices.filter(({ name }) => rates.some((rate) => matrixAt(rate, name)));
  const changes = repeated.flatMap(({ name, verdict }) => {
    const others = rates.flatMap((rate) => {
      const other = matrixAt(rate, name)?.verdict;
      return other === undefined || other === verdict ? [] : [`${other} at ${rate.learningRate}`];
    });
    return others.length === 0 ? [] : [`${targetLabel({ name })} (${verdict}, but ${others.join(" and ")})`];
  });
  const at = `learning rates ${rates.map(({ learningRate }) => learningRate).join(" and ")} instead of ${sft.learningRate}`;
  return changes.length === 0
    ? `None of ${repeated.length} verdicts changes at ${at}.`
    : `${changes.length} of ${repeated.length} verdicts ${changes.length === 1 ? "changes" : "change"} at ${at}: ${changes.join("; ")}.`;
}
