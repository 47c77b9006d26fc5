/** @file What a boundary search shows at other margins, without training. Knows neither terminal nor page. */
import type { AttemptAtMargin, BoundaryAtMargin } from "../records/boundary-margin-record.js";
import { absent, delta, fixed, percent } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";

function confirmedCells(attempt: AttemptAtMargin | null, margin: number): string[] {
  if (attempt === null) return [absent, absent, "none"];
  const { mean, low, high, seeds } = attempt;
  return [String(attempt.size), percent(attempt.share), delta({ mean, low, high, n: seeds }, margin)];
}

/** Null where nothing was judged at other margins, or no action was searched. */
export function marginsTable(judged: readonly BoundaryAtMargin[]): ReportTable | null {
  if (judged.length === 0 || judged[0].actions.length === 0) return null;
  const actions = judged[0].actions.map(({ action }) => action);
  const confidence = fixed(judged[0].confidence * 100, 0);
  return {
    title:
      judged.length === 1 ? `The same trials at a margin of ${judged[0].margin}%` : "The same trials at other margins",
    columns: [
      { heading: "Action" },
      { heading: "margin %", align: "right" },
      { heading: "matrices", group: "largest set that was tried and holds", align: "right" },
      { heading: "% of parameters", group: "largest set that was tried and holds", align: "right", dropFirst: 1 },
      { heading: "delta % [interval]", group: "largest set that was tried and holds", align: "right" },
      { heading: "matrices", group: "confirmed", align: "right" },
      { heading: "% of parameters", group: "confirmed", align: "right", dropFirst: 2 },
      { heading: "delta % [interval]", group: "confirmed", align: "right", toned: true },
    ],
    rows: actions.flatMap((action) =>
      judged.map(({ margin, actions: own }, index): Row => {
        const at = own.find((one) => one.action === action);
        const held = at?.held ?? null;
        const confirmed = at && at.confirmed !== null ? at.attempts[at.confirmed] : null;
        return {
          cells: [
            action,
            String(margin),
            ...(held === null
              ? [absent, absent, "none"]
              : [String(held.size), percent(held.share), delta(held.deltaPercent, margin)]),
            ...confirmedCells(confirmed, margin),
          ],
          ...(index > 0 && { continues: true }),
          ...(confirmed !== null && { tone: "good" as const }),
        };
      }),
    ),
    notes: [
      `The set that was tried is exploratory: its ${confidence}% interval, not corrected for the number of sets, ends below the margin (the search itself uses an 80% one). Confirmed: the largest set of the attempts whose interval, at the attempt's confidence and looks, ends below it; all attempts of an action and all margins together err in at most ${fixed((1 - judged[0].confidence) * 100, 1)}% of run folders. The sets were chosen for the margin of the search: at a larger one more matrices may hold than were put to the test.`,
    ],
  };
}
