/** @file What each arm costs: the paper's figures beside ours, after and before fine-tuning. */
import type { Estimate } from "../records/arm-figures.js";
import type { PaperArmRow, PaperRecord } from "../records/paper-record.js";
import type { ArmSummary } from "../records/verdicts-record.js";
import { absent, counted, delta, exists, fixed, plusMinus, signed } from "./figure-text.js";
import type { ReportTable } from "./report-table.js";

/** What the verdicts say of an arm on the tested matrix; undefined for `full`. */
export function armSummaryOf({ verdicts, target }: PaperRecord, arm: string): ArmSummary | undefined {
  return verdicts.matrices.find(({ name }) => name === target)?.arms[arm];
}

/** The delta after fine-tuning as text: with its interval, or that seeds diverged. */
export function deltaText(record: PaperRecord, row: PaperArmRow): string {
  return armDeltaText(row.deltaPercent, armSummaryOf(record, row.arm), record.verdicts.margin);
}

export function armDeltaText(deltaPercent: Estimate, summary: ArmSummary | undefined, margin: number): string {
  const diverged = summary?.diverged ?? 0;
  if (diverged > 0 && !exists(deltaPercent.mean)) return `diverged: ${diverged} of ${counted(deltaPercent.n, "seed")}`;
  const text = delta(deltaPercent, margin);
  return diverged > 0 ? `${text}, ${diverged} diverged` : text;
}

/** What the interval shows of an arm, in a word. */
export function shown(summary: ArmSummary | undefined): string {
  if (!summary) return absent;
  if (summary.holds) return "holds";
  return summary.shownWorse ? "worse" : "open";
}

function armName({ arm, label }: PaperArmRow): string {
  return label || arm;
}

/** Loss after fine-tuning and its delta against full fine-tuning, paper and ours. */
export function armsTable(record: PaperRecord): ReportTable {
  const { arms, sft, verdicts } = record;
  const confidence = `${fixed(verdicts.confidence * 100, 0)}%`;
  const notes = [
    `Ours: held-out loss in nats per token, mean over ${counted(sft.seeds.length, "seed")}; delta against full fine-tuning, paired by seed, with the adjusted ${confidence} interval that the verdict rests on. Holds: the interval ends below the margin of ${verdicts.margin}%; worse: it begins above it; open: neither.`,
    "The paper's way: one seed, the last training loss, no interval.",
  ];
  if (sft.seeds.length < 2) notes.push("One seed gives no interval, so nothing is shown by it.");
  return {
    title: `The arms after ${sft.steps} steps of fine-tuning`,
    columns: [
      { heading: "Arm" },
      { heading: "final loss", group: "paper", align: "right", dropFirst: 4 },
      { heading: "delta %", group: "paper", align: "right" },
      { heading: "delta % [interval]", group: "ours", align: "right" },
      { heading: "shown", group: "ours", toned: true },
      { heading: "loss after", group: "ours", align: "right", dropFirst: 3 },
      { heading: "loss before", group: "ours", align: "right", dropFirst: 1 },
      { heading: "loss", group: "the paper's way", align: "right", dropFirst: 2 },
      { heading: "delta %", group: "the paper's way", align: "right", dropFirst: 5 },
    ],
    rows: arms.map((row) => {
      const summary = armSummaryOf(record, row.arm);
      return {
        cells: [
          armName(row),
          fixed(row.paper.finalLoss, 4),
          row.arm === "full" ? "baseline" : signed(row.paper.deltaPercent, 1),
          row.arm === "full" ? "baseline" : deltaText(record, row),
          shown(summary),
          plusMinus(row.lossAfter, 4),
          plusMinus(row.lossBefore, 4),
          fixed(row.likePaper.trainLossLast, 4),
          row.arm === "full" ? "baseline" : signed(row.likePaper.deltaPercent, 1),
        ],
        ...(summary?.shownWorse && { tone: "bad" as const }),
        ...(summary?.holds && { tone: "good" as const }),
      };
    }),
    notes,
  };
}

/** What replacing the matrix does before any update, and how much of it fine-tuning takes back. */
export function beforeTable(record: PaperRecord): ReportTable {
  const { arms, verdicts } = record;
  return {
    title: "Before fine-tuning",
    columns: [
      { heading: "Arm" },
      { heading: "delta %", group: "paper", align: "right" },
      { heading: "delta % [interval]", group: "ours", align: "right" },
      { heading: "damage, nats per token", group: "ours", align: "right", dropFirst: 1 },
      { heading: "recovered, %", group: "ours", align: "right", dropFirst: 2 },
    ],
    rows: arms
      .filter(({ arm }) => arm !== "full")
      .map((row) => {
        const summary = armSummaryOf(record, row.arm);
        const recovery = summary?.recovery;
        return {
          cells: [
            armName(row),
            signed(row.paper.deltaBeforePercent, 2),
            delta(row.deltaBeforePercent, verdicts.margin),
            signed(summary?.damage, 4),
            exists(recovery) ? fixed(recovery * 100, 0) : absent,
          ],
        };
      }),
    notes: [
      "Delta of the held-out loss at step 0, after the matrix was replaced and before any update. Freezing changes nothing yet. Recovered: the share of the damage that fine-tuning takes back, given only where the damage exceeds the noise floor.",
    ],
  };
}
