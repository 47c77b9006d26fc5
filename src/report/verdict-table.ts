/** @file The verdicts of a run as a terminal table, a line for each matrix and arm. Knows no paper. */
import type { VerdictsRecord } from "../records/verdicts-record.js";
import { fixed } from "./figure-text.js";
import { wrap } from "./printable.js";
import type { ReportTable } from "./report-table.js";
import { targetLabel, withLabels } from "./target-label.js";
import { type Paint, painter, type TerminalLook, terminalLook } from "./terminal-look.js";
import { terminalTable } from "./terminal-table.js";
import { undecidedSentence } from "./undecided-sentence.js";

function tableOf({ matrices, margin, confidence, sequential }: VerdictsRecord): ReportTable {
  return {
    title: `Cost of each arm against full fine-tuning (margin ${margin}%, confidence ${fixed(confidence * 100, 0)}%)`,
    columns: [
      { heading: "matrix" },
      { heading: "verdict" },
      { heading: "arm" },
      { heading: "delta %", align: "right" },
      { heading: "low", align: "right" },
      { heading: "high", align: "right" },
      { heading: "seeds", align: "right" },
      { heading: "shown" },
    ],
    rows: matrices.flatMap(({ name, verdict, arms }) =>
      Object.entries(arms).map(([arm, { meanDeltaPercent, low, high, n, holds, shownWorse }], index) => ({
        cells: [
          index === 0 ? targetLabel({ name }) : "",
          index === 0 ? verdict : "",
          arm,
          fixed(meanDeltaPercent, 3),
          fixed(low, 3),
          fixed(high, 3),
          String(n),
          holds ? "holds" : shownWorse ? "worse" : "open",
        ],
        ...(holds ? { tone: "good" as const } : shownWorse ? { tone: "bad" as const } : {}),
      })),
    ),
    notes: [
      "Intervals are adjusted: a verdict is read off the interval shown.",
      ...(sequential
        ? [
            `Judged after each seed from ${sequential.firstLook} to ${sequential.lastLook}: an arm that holds or is worse was decided after as many seeds as stand beside it.`,
          ]
        : []),
    ],
  };
}

/** @returns a line or more for each control that failed; they belong above everything else. */
export function failedControlLines({ controls }: VerdictsRecord, width: number, paint: Paint): string[] {
  return Object.entries(controls)
    .filter(([, { passed }]) => !passed)
    .flatMap(([name, { text, checked = true }]) =>
      wrap(`CONTROL ${checked ? "FAILED" : "NOT CHECKED"}: ${name}: ${text}`, width),
    )
    .map((line) => paint("bold", paint("red", line)));
}

/** @returns the table, what is undecided, and the warnings, as lines. */
export function verdictLines(verdicts: VerdictsRecord, width: number, paint: Paint): string[] {
  const warnings = verdicts.warnings
    .flatMap((text) => wrap(`Warning: ${withLabels(text, verdicts.matrices)}`, width))
    .map((line) => paint("yellow", line));
  const open = verdicts.matrices
    .filter(({ verdict }) => verdict === "undecided")
    .flatMap((matrix) => wrap(undecidedSentence(matrix, verdicts), width));
  return [terminalTable(tableOf(verdicts), width, paint), ...open, ...warnings];
}

/** Failed controls stand on top. @returns lines without a final line end. */
export function verdictTable(verdicts: VerdictsRecord, look: Partial<TerminalLook> = {}): string {
  const { color, width } = { ...terminalLook(process.stdout, process.env), ...look };
  const paint = painter(color);
  return [...failedControlLines(verdicts, width, paint), ...verdictLines(verdicts, width, paint)].join("\n");
}
