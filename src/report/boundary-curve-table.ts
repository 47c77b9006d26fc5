/** @file Every set that a boundary search tried, by size: what more and more matrices cost together. Knows neither terminal nor page. */
import type { ActionBoundary, BoundaryRecord, TriedSet } from "../records/boundary-record.js";
import { actionBlock } from "./boundary-block.js";
import { jointDeltaText } from "./boundary-delta.js";
import { exists, percent } from "./figure-text.js";
import type { Column, ReportTable, Row } from "./report-table.js";

/** By size, as the curve goes. */
export const bySize = (sets: readonly TriedSet[]): TriedSet[] =>
  [...sets].sort((a, b) => a.size - b.size || a.share - b.share);

const barWidth = 16;

/** Length by the logarithm: half of it is reached at the margin, all of it at a hundred margins. */
function bar({ deltaPercent: { mean }, deltas }: TriedSet, margin: number): string {
  if (deltas.some(([, one]) => one === null)) return "█".repeat(barWidth);
  if (!exists(mean) || mean <= 0) return "";
  const inMargins = mean / margin;
  const length = inMargins <= 1 ? inMargins / 2 : 0.5 + Math.log10(inMargins) / 4;
  return "█".repeat(Math.max(1, Math.round(barWidth * Math.min(1, length))));
}

const sameSet = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((name) => b.includes(name));

/** What an attempt to confirm that very set came to; null where there was none. */
function freshResult({ matrices }: TriedSet, { attempts }: ActionBoundary) {
  const attempt = attempts.findLast((one) =>
    sameSet(
      matrices,
      one.matrices.map(({ name }) => name),
    ),
  );
  return attempt?.result ?? null;
}

/** @param bars with a column that draws the delta, for a terminal. */
export function curveTable({ actions, margin, seeds }: BoundaryRecord, { bars = false } = {}): ReportTable {
  const rows = actions.flatMap((searched) =>
    actionBlock(
      bySize(searched.tried).map((set): Row => {
        const fresh = freshResult(set, searched);
        return {
          cells: [
            searched.action,
            String(set.size),
            percent(set.share),
            jointDeltaText(set, margin),
            ...(bars ? [bar(set, margin)] : []),
            String(set.deltas.length),
            set.holds ? "held" : "failed",
            fresh ?? "",
            set.prefix ? "first of the order" : "some passed over",
          ],
          ...(fresh === "confirmed" && { tone: "good" as const }),
          ...(!set.holds && { tone: "bad" as const }),
        };
      }),
    ),
  );
  const columns: Column[] = [
    { heading: "Action" },
    { heading: "matrices", align: "right" },
    { heading: "% of parameters", align: "right", dropFirst: 4 },
    { heading: "delta % [interval]", align: "right" },
    ...(bars ? [{ heading: "delta", dropFirst: 3 }] : []),
    { heading: "seeds", align: "right", dropFirst: 2 },
    { heading: "in the search", toned: true },
    { heading: "on fresh seeds", toned: true, dropFirst: 5 },
    { heading: "set", dropFirst: 1 },
  ];
  return {
    title: "The curve: what more and more matrices cost together",
    columns,
    rows,
    notes: [
      `Exploratory: mean over seeds with the 95% interval, not corrected for the number of sets, which were chosen by the same seeds and examples. Held: by the search's rule, the upper end of the 80% interval below the margin of ${margin}%; a set has ${seeds.search} seeds, up to ${seeds.searchMost} where it is close.`,
      ...(bars
        ? [`Bars: half of the width is the margin of ${margin}%, beyond it the logarithm; full at a hundred margins.`]
        : []),
    ],
  };
}
