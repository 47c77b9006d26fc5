/** @file The sets of paper 64, frozen together, beside its printed figures. Knows neither terminal nor page. */
import type { BoundaryRecord } from "../records/boundary-record.js";
import { jointDeltaText } from "./boundary-delta.js";
import { absent, exists, type Figure, percent } from "./figure-text.js";
import type { ReportTable } from "./report-table.js";

/** With the decimals that the paper gives. */
const printedText = (value: Figure) => (exists(value) ? `${value > 0 ? "+" : ""}${value}` : absent);

/** Null where they were not asked for. */
export function groupsTable({ groups = [], margin, model }: BoundaryRecord): ReportTable | null {
  if (groups.length === 0) return null;
  return {
    title: "The sets of paper 64, frozen together",
    columns: [
      { heading: "Set" },
      { heading: "matrices", align: "right" },
      { heading: "% of parameters", align: "right", dropFirst: 1 },
      { heading: "delta % [95% interval]", group: "ours", align: "right" },
      { heading: "seeds", group: "ours", align: "right", dropFirst: 2 },
      { heading: "delta %", group: "paper 64", align: "right" },
    ],
    rows: groups.map((group) => ({
      cells: [
        group.label,
        String(group.matrices.length),
        percent(group.parameters / model.parameters),
        jointDeltaText(group, margin),
        String(group.deltas.length),
        printedText(group.printed),
      ],
    })),
    notes: [
      "Ours: held-out loss against full fine-tuning, paired by seed, not corrected for the number of sets. The paper's are of its own model and data, printed without error bars; its layers are frozen whole, here the biases and norms stay trained.",
    ],
  };
}
