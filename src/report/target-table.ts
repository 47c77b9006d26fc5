/** @file Every target with every arm: delta, losses, damage, recovery. Knows neither terminal nor page. */
import type { TestRecord } from "../records/test-record.js";
import { armDeltaText, shown } from "./arms-table.js";
import { absent, exists, fixed, plusMinus, signed } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";
import { type TargetResult, targetResults } from "./target-results.js";

function armRow(result: TargetResult, index: number, margin: number, seeds: boolean): Row {
  const { arm, figures, summary } = result.arms[index];
  const recovery = summary?.recovery;
  return {
    cells: [
      result.label,
      result.verdict,
      arm,
      armDeltaText(figures.deltaPercent, summary, margin),
      shown(summary),
      fixed(figures.lossBefore.mean, 4),
      plusMinus(figures.lossAfter, 4),
      signed(summary?.damage, 4),
      exists(recovery) ? fixed(recovery * 100, 0) : absent,
      ...(seeds ? [String(summary?.n ?? 0)] : []),
    ],
    ...(index > 0 && { continues: true }),
    ...(summary?.shownWorse && { tone: "bad" as const }),
    ...(summary?.holds && { tone: "good" as const }),
  };
}

export function targetTable(record: TestRecord): ReportTable {
  const { full, sft, verdicts } = record;
  const { margin, confidence } = verdicts;
  const results = targetResults(record);
  // Where trials stop early or fail, arms differ in their seeds; elsewhere the column would say one thing over and over.
  const uneven = new Set(results.flatMap(({ arms }) => arms.map(({ summary }) => summary?.n ?? 0))).size > 1;
  return {
    title: `All targets after ${sft.steps} steps of fine-tuning`,
    columns: [
      { heading: "Target" },
      { heading: "verdict" },
      { heading: "arm" },
      { heading: "delta % [interval]", align: "right" },
      { heading: "shown" },
      { heading: "loss before", align: "right" },
      { heading: "loss after", align: "right" },
      { heading: "damage", align: "right" },
      { heading: "recovered, %", align: "right" },
      ...(uneven ? [{ heading: "seeds", align: "right" } as const] : []),
    ],
    rows: results.flatMap((result) => result.arms.map((_, index) => armRow(result, index, margin, uneven))),
    notes: [
      `Full fine-tuning, which all targets share: loss before ${plusMinus(full.lossBefore, 4)}, after ${plusMinus(full.lossAfter, 4)}. Losses are nats per scored token of the held-out examples, mean over seeds.`,
      `Delta: held-out loss after fine-tuning against full's, paired by seed, with the adjusted ${fixed(confidence * 100, 0)}% interval that the verdict rests on. Holds: the interval ends below the margin of ${margin}%; worse: it begins above it; open: neither.`,
      "Damage: loss at step 0 minus full's, after the matrix was replaced and before any update. Recovered: the share of it that fine-tuning takes back, given only where the damage exceeds the noise floor.",
    ],
  };
}
