/** @file The layer scan: participation ratios of the attention matrices, their nulls, and the paper's printed column. */
import type { PaperRecord } from "../records/paper-record.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import { absent, fixed, percent, ratio } from "./figure-text.js";
import type { ReportTable } from "./report-table.js";

export const attentionRoles = ["attn.c_attn", "attn.c_proj"] as const;

/** The paper's 16: by layer, c_attn before c_proj. */
export function attentionMatrices({ scan }: PaperRecord): MatrixScanRecord[] {
  return scan.matrices
    .filter(({ role }) => (attentionRoles as readonly string[]).includes(role))
    .sort((a, b) => (a.layer ?? 0) - (b.layer ?? 0) || a.role.localeCompare(b.role));
}

/** `L4 c_proj`; the canonical name where there is no layer. */
export function shortName({ layer, role, name }: Pick<MatrixScanRecord, "layer" | "role" | "name">): string {
  return layer === null ? name : `L${layer} ${role.split(".").at(-1)}`;
}

/** Notes that say why a figure of this table is missing. */
function notes(record: PaperRecord): string[] {
  const annotated = attentionMatrices(record).filter((matrix) => matrix.note && matrix.pr === null);
  return annotated.map((matrix) => `${shortName(matrix)}: ${matrix.note}`);
}

export function layersTable(record: PaperRecord): ReportTable {
  const printed = new Map(record.layers.map(({ layer, paper }) => [layer, paper]));
  return {
    title: "Layer scan of the attention matrices",
    columns: [
      { heading: "Matrix" },
      { heading: "PR", group: "eigenvalues", align: "right" },
      { heading: "noise", group: "eigenvalues", align: "right", dropFirst: 2 },
      { heading: "PR / noise", group: "eigenvalues", align: "right" },
      { heading: "PR", group: "singular values", align: "right" },
      { heading: "noise", group: "singular values", align: "right", dropFirst: 3 },
      { heading: "PR / noise", group: "singular values", align: "right" },
      { heading: "paper", group: "singular values", align: "right" },
      { heading: "%", group: "PC1 share", align: "right" },
      { heading: "noise %", group: "PC1 share", align: "right", dropFirst: 1 },
      { heading: "paper %", group: "PC1 share", align: "right" },
    ],
    rows: attentionMatrices(record).map((matrix) => {
      const paper = matrix.layer === null ? undefined : printed.get(matrix.layer);
      const isProjection = matrix.role === "attn.c_proj";
      return {
        cells: [
          shortName(matrix),
          fixed(matrix.pr, 1),
          fixed(matrix.prNull, 1),
          ratio(matrix.pr, matrix.prNull),
          fixed(matrix.prSingular, 1),
          fixed(matrix.prSingularNull, 1),
          ratio(matrix.prSingular, matrix.prSingularNull),
          fixed(isProjection ? paper?.cProjPr : paper?.cAttnPr, 1),
          percent(matrix.pc1),
          percent(matrix.pc1Null),
          isProjection ? fixed(paper?.cProjPc1Percent, 1) : absent,
        ],
        ...(matrix.name === record.target && { tone: "target" as const }),
      };
    }),
    notes: [
      "PR over eigenvalues is the usual one. The paper's column fits PR over singular values only: with a first component of 22.4%, an eigenvalue PR of 84.5 is impossible (at most 19.9). Noise: i.i.d. normal entries of the same shape; shape alone makes c_attn's PR the larger one.",
      ...notes(record),
    ],
  };
}
