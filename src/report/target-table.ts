/** @file Every target with every arm: delta, losses, damage, recovery. Knows neither terminal nor page. */
import type { TestRecord } from "../records/test-record.js";
import { armDeltaText, shown } from "./arms-table.js";
import { absent, counted, exists, fixed, plusMinus, signed } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";
import { type ArmResult, type TargetResult, targetResults } from "./target-results.js";

/** An undecided one with the number of seeds that would decide. */
export function verdictText({ verdict, judged }: TargetResult): string {
  const seeds = judged?.seedsToDecide;
  return verdict === "undecided" && exists(seeds)
    ? `undecided (about ${counted(seeds, "seed")} would decide)`
    : verdict;
}

function armRow(result: TargetResult, { arm, figures, summary }: ArmResult, margin: number, continues: boolean): Row {
  const recovery = summary?.recovery;
  return {
    cells: [
      result.label,
      verdictText(result),
      arm,
      armDeltaText(figures.deltaPercent, summary, margin),
      shown(summary),
      plusMinus(figures.lossBefore, 4),
      plusMinus(figures.lossAfter, 4),
      signed(summary?.damage, 4),
      exists(recovery) ? fixed(recovery * 100, 0) : absent,
      String(summary?.n ?? 0),
    ],
    ...(continues && { continues }),
    ...(summary?.shownWorse && { tone: "bad" as const }),
    ...(summary?.holds && { tone: "good" as const }),
  };
}

export function targetTable(record: TestRecord): ReportTable {
  const { full, sft, verdicts } = record;
  const { margin, confidence } = verdicts;
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
      { heading: "seeds", align: "right" },
    ],
    rows: targetResults(record).flatMap((result) =>
      result.arms.map((arm, index) => armRow(result, arm, margin, index > 0)),
    ),
    notes: [
      `Full fine-tuning, which all targets share: loss before ${plusMinus(full.lossBefore, 4)}, after ${plusMinus(full.lossAfter, 4)}. Losses are nats per scored token of the held-out examples, mean over seeds.`,
      `Delta: held-out loss after fine-tuning against full's, paired by seed, with the adjusted ${fixed(confidence * 100, 0)}% interval that the verdict rests on. Holds: the interval ends below the margin of ${margin}%; worse: it begins above it; open: neither.`,
      "Damage: loss at step 0 minus full's, after the matrix was replaced and before any update. Recovered: the share of it that fine-tuning takes back, given only where the damage exceeds the noise floor.",
    ],
  };
}
