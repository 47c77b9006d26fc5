/** @file The confirmation attempts of a boundary search as a table. Knows neither terminal nor page. */
import type { BoundaryRecord } from "../records/boundary-record.js";
import { actionBlock } from "./boundary-block.js";
import { attemptDeltaText } from "./boundary-delta.js";
import { absent, count, fixed, percent } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";

/** Null where nothing got as far. */
export function attemptsTable({ actions, margin, confidence, data }: BoundaryRecord): ReportTable | null {
  const rows = actions.flatMap(({ action, attempts }) =>
    actionBlock(
      attempts.map(
        (attempt, index): Row => ({
          cells: [
            action,
            String(index + 1),
            String(attempt.size),
            percent(attempt.share),
            String(attempt.part),
            String(attempt.seeds.length),
            attemptDeltaText(attempt, margin),
            fixed(attempt.confidence * 100, 2).replace(/\.?0+$/, ""),
            attempt.result,
          ],
          ...(attempt.result === "confirmed" && { tone: "good" as const }),
          ...(attempt.result === "failed" && { tone: "bad" as const }),
        }),
      ),
    ),
  );
  if (rows.length === 0) return null;
  return {
    title: "Confirmation on fresh seeds and examples",
    columns: [
      { heading: "Action" },
      { heading: "attempt", align: "right", dropFirst: 5 },
      { heading: "matrices", align: "right" },
      { heading: "% of parameters", align: "right", dropFirst: 2 },
      { heading: "part of the examples", align: "right", dropFirst: 3 },
      { heading: "seeds", align: "right", dropFirst: 4 },
      { heading: "delta % [interval]", align: "right" },
      { heading: "confidence %", align: "right", dropFirst: 1 },
      { heading: "result", toned: true },
    ],
    rows,
    notes: [
      `Each attempt has seeds and held-out examples of its own (${data.confirmation.map(count).join(", ") || absent} examples by part). The intervals are at the attempt's confidence, so that all attempts of an action together err in at most ${fixed((1 - confidence) * 100, 1)}% of run folders. Failed: shown to cost more than ${margin}%; undecided: neither is shown at the last look, or it was given up before, its mean lying beyond the margin; budget: that ended before.`,
    ],
  };
}
