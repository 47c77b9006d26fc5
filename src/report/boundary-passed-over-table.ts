/** @file The matrices that a boundary search passed over. Knows neither terminal nor page. */
import type { BoundaryRecord } from "../records/boundary-record.js";
import { actionBlock } from "./boundary-block.js";
import type { ReportTable, Row } from "./report-table.js";

/** Null where none was. */
export function passedOverTable({ actions }: BoundaryRecord): ReportTable | null {
  const rows = actions.flatMap(({ action, passedOver }) =>
    actionBlock(passedOver.map(({ name, size }): Row => ({ cells: [action, name, String(size)] }))),
  );
  if (rows.length === 0) return null;
  return {
    title: "Matrices passed over",
    columns: [
      { heading: "Action" },
      { heading: "matrix" },
      { heading: "matrices in the set without it", align: "right" },
    ],
    rows,
    notes: [
      `In the order in which the search met them: the set held without the matrix and failed with it, so it was grown on without. By the search's rule alone, on its few seeds: no matrix is shown to be needed.`,
    ],
  };
}
