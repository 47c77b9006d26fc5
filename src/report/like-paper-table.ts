/** @file The same trials read the paper's way (one seed, last training loss, percent) beside ours. Knows neither terminal nor page. */
import type { TestRecord } from "../records/test-record.js";
import { armDeltaText, shown } from "./arms-table.js";
import { absent, exists, fixed, signed } from "./figure-text.js";
import type { ReportTable } from "./report-table.js";
import { type ArmResult, targetResults } from "./target-results.js";

type Difference = "opposite" | "not shown" | "sign";

/** Read without error bars: what lies below the margin holds, the rest is worse. */
const readBare = (percent: number, margin: number) => (percent < margin ? "holds" : "worse");

function differences({ figures, summary }: ArmResult, margin: number): Difference[] {
  const { deltaPercent } = figures.likePaper;
  if (!exists(deltaPercent)) return [];
  const { mean } = figures.deltaPercent;
  const bare = readBare(deltaPercent, margin);
  const ours = shown(summary);
  return [
    ...(ours === "open" ? ["not shown" as const] : []),
    ...(ours === "holds" || ours === "worse" ? (ours === bare ? [] : ["opposite" as const]) : []),
    ...(exists(mean) && mean * deltaPercent < 0 ? ["sign" as const] : []),
  ];
}

const words: Readonly<Record<Difference, string>> = {
  opposite: "conclusion",
  "not shown": "open",
  sign: "sign",
};

/** Null where no arm has a figure the paper's way. */
export function likePaperTable(record: TestRecord): ReportTable | null {
  const { full, verdicts, sft } = record;
  const { margin } = verdicts;
  const results = targetResults(record);
  const arms = results.flatMap((result) => result.arms);
  const compared = arms.filter(({ figures }) => exists(figures.likePaper.deltaPercent));
  if (compared.length === 0) return null;
  const many = (which: Difference) => compared.filter((arm) => differences(arm, margin).includes(which)).length;
  const either = compared.filter((arm) => differences(arm, margin).length > 0).length;
  return {
    title: "The paper's way beside ours",
    columns: [
      { heading: "Target" },
      { heading: "arm" },
      { heading: "training loss", group: "paper's way", align: "right", dropFirst: 1 },
      { heading: "delta %", group: "paper's way", align: "right" },
      { heading: "reads as", group: "paper's way" },
      { heading: "delta % [interval]", group: "ours", align: "right" },
      { heading: "shown", group: "ours", toned: true },
      { heading: "differs in" },
    ],
    rows: results.flatMap(({ label, arms }) =>
      arms.map((arm, index) => {
        const { likePaper, deltaPercent } = arm.figures;
        return {
          cells: [
            label,
            arm.arm,
            fixed(likePaper.trainLossLast, 4),
            signed(likePaper.deltaPercent, 2),
            exists(likePaper.deltaPercent) ? readBare(likePaper.deltaPercent, margin) : absent,
            armDeltaText(deltaPercent, arm.summary, margin),
            shown(arm.summary),
            differences(arm, margin)
              .map((which) => words[which])
              .join(", "),
          ],
          ...(index > 0 && { continues: true }),
          ...(arm.summary?.shownWorse && { tone: "bad" as const }),
          ...(arm.summary?.holds && { tone: "good" as const }),
        };
      }),
    ),
    notes: [
      `Of ${compared.length} arms, ${either} read differently the paper's way: ${many("opposite")} in the conclusion, ${many("not shown")} in that nothing is shown where the paper's way concludes (open), ${many("sign")} in the sign of the delta (one arm may count twice).`,
      `The paper's way: seed ${sft.seeds[0] ?? absent} alone, the last training loss of ${sft.steps} steps (full: ${fixed(full.likePaper.trainLossLast, 4)}), no interval and no correction; below ${margin}% it is read as holding, else as worse.`,
    ],
  };
}
