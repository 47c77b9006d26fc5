/** @file Every confirmation attempt of a boundary search as it stands at another margin. Knows neither terminal nor page. */
import type { AttemptAtMargin, BoundaryAtMargin } from "../records/boundary-margin-record.js";
import { actionBlock } from "./boundary-block.js";
import { absent, delta, exists, fixed, percent } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";

/** No mean: a seed diverged, or there are too few for the first look. */
const deltaText = ({ mean, low, high, seeds }: AttemptAtMargin, margin: number) =>
  exists(mean) ? delta({ mean, low, high, n: seeds }, margin) : absent;

/** Null where nothing got as far as an attempt. */
export function marginAttemptsTable({ actions, margin, confidence }: BoundaryAtMargin): ReportTable | null {
  const rows = actions.flatMap(({ action, attempts }) =>
    actionBlock(
      attempts.map(
        (attempt, index): Row => ({
          cells: [
            action,
            String(index + 1),
            String(attempt.size),
            percent(attempt.share),
            String(attempt.seeds),
            deltaText(attempt, margin),
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
    title: `The attempts to confirm a set, at a margin of ${margin}%`,
    columns: [
      { heading: "Action" },
      { heading: "attempt", align: "right", dropFirst: 3 },
      { heading: "matrices", align: "right" },
      { heading: "% of parameters", align: "right", dropFirst: 1 },
      { heading: "seeds", align: "right", dropFirst: 2 },
      { heading: "delta % [interval]", align: "right" },
      { heading: "result", toned: true },
    ],
    rows,
    notes: [
      `The interval and the seeds are those of the look that decides at this margin, or of all seeds where none does. Each attempt has its share of the error, so that all of an action together err in at most ${fixed((1 - confidence) * 100, 1)}% of run folders. No trial was added: an attempt that ended early at the margin of the search may be undecided here.`,
    ],
  };
}
