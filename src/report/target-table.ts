/** @file Every target with every arm: delta, losses, damage, recovery. Knows neither terminal nor page. */
import type { TestRecord } from "../records/test-record.js";
import { armDeltaText, shown } from "./arms-table.js";
import { decompositionTable } from "./decomposition-table.js";
import { absent, exists, fixed, plusMinus, signed, withInterval } from "./figure-text.js";
import type { Column, ReportTable, Row } from "./report-table.js";
import { armSeeds } from "./seeds-used.js";
import { type TargetResult, targetResults } from "./target-results.js";

/** Which columns there are: as many as fit a page. */
interface Shown {
  readonly margin: number;
  /** `looks`: judged after every seed. `uneven`: judged once, but some trials are missing. */
  readonly seeds: "looks" | "uneven" | "same";
  readonly general: boolean;
  /** What the cost is made of stands in a table of its own for each target. */
  readonly elsewhere: boolean;
}

function armRow(result: TargetResult, index: number, { margin, seeds, general, elsewhere }: Shown): Row {
  const { arm, figures, summary } = result.arms[index];
  const recovery = summary?.recovery;
  return {
    cells: [
      result.label,
      result.verdict,
      arm,
      armDeltaText(figures.deltaPercent, summary, margin),
      shown(summary),
      ...(seeds === "looks" ? [armSeeds(summary)] : []),
      ...(elsewhere ? [] : [fixed(figures.lossBefore.mean, 4)]),
      general ? fixed(figures.lossAfter.mean, 4) : plusMinus(figures.lossAfter, 4),
      ...(elsewhere ? [] : [signed(summary?.damage, 4), exists(recovery) ? fixed(recovery * 100, 0) : absent]),
      ...(general
        ? [
            fixed(figures.generalLossAfter?.mean, 4),
            figures.generalDeltaPercent ? withInterval(figures.generalDeltaPercent, 2) : absent,
          ]
        : []),
      ...(seeds === "uneven" ? [String(summary?.n ?? 0)] : []),
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
  const seeds = verdicts.sequential ? "looks" : uneven ? "uneven" : "same";
  const general = results.some(({ arms }) => arms.some(({ figures }) => figures.generalLossAfter !== undefined));
  const elsewhere = results.some((result) => decompositionTable(result) !== null);
  const right = { align: "right" } as const;
  return {
    title: `All targets after ${sft.steps} steps of fine-tuning`,
    columns: [
      { heading: "Target" },
      { heading: "verdict", ofBlock: true },
      { heading: "arm" },
      { heading: "delta % [interval]", ...right },
      { heading: "shown", toned: true },
      ...(seeds === "looks" ? [{ heading: "decided after" }] : []),
      ...(elsewhere ? [] : [{ heading: "loss before", ...right }]),
      { heading: "loss after", ...right },
      ...(elsewhere
        ? []
        : [
            { heading: "damage", ...right },
            { heading: "recovered, %", ...right },
          ]),
      ...(general
        ? [
            { heading: "loss after", group: "general text", ...right },
            { heading: "delta % [interval]", group: "general text", ...right },
          ]
        : []),
      ...(seeds === "uneven" ? [{ heading: "seeds", ...right }] : []),
    ] satisfies Column[],
    rows: results.flatMap((result) =>
      result.arms.map((_, index) => armRow(result, index, { margin, seeds, general, elsewhere })),
    ),
    notes: [
      `Full fine-tuning, which all targets share: loss before ${plusMinus(full.lossBefore, 4)}, after ${plusMinus(full.lossAfter, 4)}. Losses are nats per scored token of the held-out examples, mean over seeds.`,
      `Delta: held-out loss after fine-tuning against full's, paired by seed, with the adjusted ${fixed(confidence * 100, 0)}% interval that the verdict rests on. Holds: the interval ends below the margin of ${margin}%; worse: it begins above it; open: neither.`,
      ...(elsewhere
        ? []
        : [
            "Damage: loss at step 0 minus full's, after the matrix was replaced and before any update. Recovered: the share of it that fine-tuning takes back, given only where the damage exceeds the noise floor.",
          ]),
      ...(seeds === "looks"
        ? ["Decided after: seeds at the look that decided the arm; open at: seeds it has had so far, undecided."]
        : []),
      ...(general
        ? [
            `General text: what fine-tuning makes the model forget. Loss after fine-tuning (full: ${full.generalLossAfter ? plusMinus(full.generalLossAfter, 4) : absent}) and its delta against full's, paired by seed, with a ${fixed(confidence * 100, 0)}% interval that is not adjusted; below zero the arm forgets less. No verdict rests on it.`,
          ]
        : []),
    ],
  };
}
