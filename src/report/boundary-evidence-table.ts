/** @file What each matrix costs alone, in the order in which a boundary search takes them. Knows neither terminal nor page. */
import type { ActionBoundary, BoundaryRecord } from "../records/boundary-record.js";
import { armWord } from "./boundary-action.js";
import { fateText, matrixFates } from "./boundary-fate.js";
import { count, exists, signed } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";

/** Of one action, in the order in which the search takes them. */
export function evidenceTable(action: ActionBoundary, { seeds }: BoundaryRecord): ReportTable {
  const fates = matrixFates(action);
  return {
    title: `The order of the search: ${action.action}`,
    columns: [
      { heading: "Matrix" },
      { heading: "order", align: "right" },
      { heading: "arm" },
      { heading: "delta %", align: "right" },
      { heading: "upper bound %", align: "right" },
      { heading: "parameters saved", align: "right" },
      { heading: "what became of it", toned: true },
    ],
    rows: action.evidence.map(({ name, arm, deltas, mean, high, saved }, index): Row => {
      const fate = fates.get(name)?.kind ?? "left";
      const diverged = deltas.filter(([, one]) => one === null).length;
      return {
        cells: [
          name,
          String(index + 1),
          armWord(arm),
          exists(mean) ? signed(mean, 3) : `diverged: ${diverged} of ${deltas.length}`,
          signed(high, 3),
          count(saved),
          fateText[fate],
        ],
        ...(fate === "confirmed" && { tone: "good" as const }),
        ...(fate === "passed over" && { tone: "bad" as const }),
      };
    }),
    notes: [
      `Each matrix alone, everything else trained: mean over ${seeds.evidence === 1 ? "one seed" : `${seeds.evidence} seeds`}. The upper bound is that of the one-sided 95% interval with the variance pooled over the matrices of the arm${seeds.evidence === 1 ? "; one seed gives none, and the mean takes its place" : ""}. The order: least bound for each parameter saved first; those with a bound of zero or less before all others. Of a frozen matrix those count as saved that need no gradient.`,
    ],
  };
}
