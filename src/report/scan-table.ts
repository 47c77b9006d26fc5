/** @file All figures of a scan as one HTML table that a script can sort. Knows no script. */
import type { MatrixScanRecord, MeasuresRecord } from "../records/scan-record.js";
import { exists, type Figure, percent } from "./figure-text.js";
import { type Html, html } from "./html.js";
import { figureText, ratioText } from "./scan-lines.js";

interface TableColumn {
  readonly heading: string;
  /** Where the heading does not say it alone. */
  readonly label?: string;
  readonly value: (matrix: MatrixScanRecord) => Figure;
  readonly text: (matrix: MatrixScanRecord) => string;
}

type Named =
  | "pr"
  | "pc1"
  | "prSingular"
  | "stableRank"
  | "effectiveRank"
  | "spectralNorm"
  | "kurtosis"
  | "tailExponent";

function figure(heading: string, name: Named): TableColumn[] {
  return [
    { heading, value: (m) => m[name], text: (m) => figureText(m[name], m.standardErrors?.[name]) },
    againstNoise(heading, name),
  ];
}

const againstNoise = (heading: string, name: Named): TableColumn => ({
  ...{ heading: "/ noise", label: `${heading} against noise` },
  value: ({ ratios }) => ratios[name],
  text: ({ ratios }) => ratioText(ratios[name]),
});

const share = (heading: string, value: TableColumn["value"]): TableColumn => ({
  ...{ heading, value },
  text: (matrix) => percent(value(matrix)),
});

const columns: readonly TableColumn[] = [
  { heading: "rows", value: ({ rows }) => rows, text: ({ rows }) => String(rows) },
  { heading: "cols", value: ({ cols }) => cols, text: ({ cols }) => String(cols) },
  ...figure("pr", "pr"),
  ...figure("pr\u00a0of\u00a0s", "prSingular"),
  share("pc1 %", ({ pc1 }) => pc1),
  againstNoise("pc1", "pc1"),
  ...figure("stable rank", "stableRank"),
  ...figure("effective rank", "effectiveRank"),
  { heading: "spikes", value: ({ spikes }) => spikes, text: (m) => spikesText(m) },
  share("energy %", ({ spikeEnergy }) => spikeEnergy),
  ...figure("norm", "spectralNorm"),
  {
    heading: "tail exponent",
    value: (m) => m.tailExponent,
    text: (m) => figureText(m.tailExponent, m.standardErrors?.tailExponent),
  },
  { heading: "KS", value: ({ tailKs }) => tailKs, text: ({ tailKs }) => figureText(tailKs) },
  { heading: "kurtosis", value: ({ kurtosis }) => kurtosis, text: ({ kurtosis }) => figureText(kurtosis) },
];

const changeColumns: readonly TableColumn[] = [
  {
    heading: "change %",
    value: ({ change }) => change?.relativeChange,
    text: ({ change }) => percent(change?.relativeChange, 2),
  },
  {
    heading: "its pr",
    value: ({ change }) => change?.pr,
    text: ({ change }) => figureText(change?.pr, change?.standardErrors?.pr),
  },
  {
    ...{ heading: "/ noise", label: "pr of the change against noise" },
    value: ({ change }) => change?.ratios.pr,
    text: ({ change }) => ratioText(change?.ratios.pr),
  },
  {
    heading: "its spikes",
    value: ({ change }) => change?.spikes,
    text: ({ change }) => (change ? spikesText(change) : "–"),
  },
];

function spikesText({ spikes, noiseLike }: MeasuresRecord): string {
  if (noiseLike) return "0 (noise)";
  return exists(spikes) ? String(Math.round(spikes)) : "–";
}

export function scanTable(matrices: readonly MatrixScanRecord[], comparing: boolean): Html {
  const shown = comparing ? [...changeColumns, ...columns] : columns;
  return html`<div class="table tall" role="region" aria-label="All matrices" tabindex="0"><table><thead><tr><th scope="col">matrix</th>${shown.map(
    ({ heading, label }) =>
      html`<th scope="col" class="number"${label ? html` aria-label="${label}"` : ""}>${heading}</th>`,
  )}<th scope="col">note</th></tr></thead><tbody>
${matrices.map(
  (matrix, place) =>
    html`<tr data-place="${place}"><th scope="row">${matrix.name}</th>${shown.map(({ value, text }) => {
      const sorted = value(matrix);
      return html`<td class="number" data-sort="${exists(sorted) ? sorted : ""}">${text(matrix)}</td>`;
    })}<td>${matrix.note ?? ""}</td></tr>\n`,
)}</tbody></table></div>`;
}
