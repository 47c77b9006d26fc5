/** @file What sets of matrices cost together beside the sum of what each costs alone. Knows neither terminal nor page. */
import type { ActionBoundary, BoundaryRecord, TriedSet } from "../records/boundary-record.js";
import { actionBlock } from "./boundary-block.js";
import { bySize } from "./boundary-curve-table.js";
import { absent, exists, signed, withInterval } from "./figure-text.js";
import type { ReportTable, Row } from "./report-table.js";

/** Mean over the seeds that all single trials share with the set; null where a matrix or a seed is missing. */
function sumOfSingles({ matrices, deltas }: TriedSet, { evidence }: ActionBoundary): number | null {
  const alone = matrices.map((name) => new Map(evidence.find((one) => one.name === name)?.deltas ?? []));
  const shared = deltas.map(([seed]) => seed).filter((seed) => alone.every((own) => own.has(seed)));
  const costs = shared.flatMap((seed) => alone.map((own) => own.get(seed) ?? null));
  if (shared.length === 0 || !costs.every(exists)) return null;
  return costs.reduce((sum, cost) => sum + cost, 0) / shared.length;
}

/** Null where no set has one. */
export function interactionTable({ actions }: BoundaryRecord): ReportTable | null {
  const rows = actions.flatMap((action) =>
    actionBlock(
      bySize(action.tried).flatMap((set): Row[] => {
        const { interaction } = set;
        if (interaction === null) return [];
        const sum = sumOfSingles(set, action);
        const joint = exists(sum) && exists(interaction.mean) ? sum + interaction.mean : null;
        return [
          {
            cells: [
              action.action,
              String(set.size),
              signed(joint, 2),
              signed(sum, 2),
              exists(interaction.mean) ? withInterval(interaction, 2) : `${absent} (diverged)`,
              String(interaction.n),
            ],
          },
        ];
      }),
    ),
  );
  if (rows.length === 0) return null;
  return {
    title: "Joint cost beside the sum of the single costs",
    columns: [
      { heading: "Action" },
      { heading: "matrices", align: "right" },
      { heading: "joint delta %", align: "right" },
      { heading: "sum of single deltas %", align: "right" },
      { heading: "difference % [95% interval]", align: "right" },
      { heading: "seeds", align: "right" },
    ],
    rows,
    notes: [
      "On the seeds that the set and each of its matrices alone have. Above zero the matrices cost more together than one by one, as matrices do that can make up for each other. The interval is of the seeds, not corrected for the number of sets; one seed gives none.",
    ],
  };
}
