/** @file The spectrum of the tested matrix and the measures of the attention matrices by layer, against noise and the paper. */
import type { PaperLayerRow, PaperRecord } from "../records/paper-record.js";
import type { MatrixScanRecord } from "../records/scan-record.js";
import { seriesLook } from "./arm-look.js";
import { exists, fixed, percent } from "./figure-text.js";
import type { Html } from "./html.js";
import { attentionMatrices, attentionRoles } from "./layers-table.js";
import { lineChart, type Point, type Series } from "./line-chart.js";

const solid = (series: number) => ({ ...seriesLook(series), dash: "none" });
const dashed = (series: number) => ({ ...seriesLook(series), dash: "3 3" });
/** Of c_attn and c_proj. */
const roleSeries = { "attn.c_attn": 1, "attn.c_proj": 2 } as const;
const shortRole = (role: string) => role.split(".").at(-1)!;

export function spectrumChart({ spectrum, target }: PaperRecord): Html {
  const { singularValues, nullSingularValues, edge } = spectrum;
  const byIndex = (values: readonly number[]): Point[] => values.map((value, index) => [index + 1, value]);
  const above = exists(edge) ? singularValues.filter((value) => value > edge).length : null;
  return lineChart({
    title: `Singular values of ${target}`,
    description: `Singular values in descending order on a logarithmic axis; the largest is ${fixed(singularValues[0], 3)}, that of noise ${fixed(nullSingularValues[0], 3)}.${above === null ? "" : ` ${above} lie above the edge of noise.`}`,
    caption: `Noise: i.i.d. normal entries of the same shape and scale; its largest singular value lies at the Marchenko-Pastur edge.${above === null ? "" : ` ${above} of ${singularValues.length} values stand out above it.`}`,
    x: { label: "index" },
    y: { label: "singular value (log scale)", log: true },
    rules: exists(edge) && edge > 0 ? [{ y: edge, label: "edge" }] : [],
    series: [
      { name: "weights", look: solid(2), points: byIndex(singularValues) },
      { name: "noise", look: dashed(0), points: byIndex(nullSingularValues) },
    ],
  });
}

type Measure = (matrix: MatrixScanRecord) => number | null;

function points(matrices: readonly MatrixScanRecord[], role: string, measure: Measure): Point[] {
  return matrices.flatMap((matrix) => {
    const value = measure(matrix);
    return matrix.role === role && matrix.layer !== null && exists(value) ? [[matrix.layer, value] as const] : [];
  });
}

function printed(layers: readonly PaperLayerRow[], figure: keyof PaperLayerRow["paper"]): Point[] {
  return layers.flatMap(({ layer, paper }) => {
    const value = paper[figure];
    return exists(value) ? [[layer, value] as const] : [];
  });
}

const over = (value: number | null, reference: number | null) =>
  exists(value) && exists(reference) && reference > 0 ? value / reference : null;

interface LayerChart {
  readonly title: string;
  readonly label: string;
  readonly caption: string;
  readonly measure: Measure;
  readonly noise?: Measure;
  readonly roles?: readonly (keyof typeof roleSeries)[];
  readonly paper?: readonly Series[];
  readonly noiseAtOne?: boolean;
}

function layerChart(record: PaperRecord, options: LayerChart): Html {
  const { title, label, caption, measure, noise, roles = attentionRoles, paper = [], noiseAtOne = false } = options;
  const matrices = attentionMatrices(record);
  const target = matrices.find(({ name }) => name === record.target);
  const value = target && (roles as readonly string[]).includes(target.role) ? measure(target) : null;
  return lineChart({
    title,
    description: `${title} for ${roles.map(shortRole).join(" and ")} of ${record.layers.length} layers. ${roles
      .map(
        (role) =>
          `${shortRole(role)}: ${points(matrices, role, measure)
            .map(([layer, y]) => `L${layer} ${fixed(y, 2)}`)
            .join(", ")}`,
      )
      .join(". ")}.`,
    caption,
    x: { label: "layer", ticks: record.layers.map(({ layer }) => layer) },
    y: { label, include: noiseAtOne ? [1] : [] },
    rules: noiseAtOne ? [{ y: 1, label: "noise" }] : [],
    series: [
      ...roles.map((role) => ({
        name: shortRole(role),
        look: solid(roleSeries[role]),
        points: points(matrices, role, measure),
        shape: "line with points" as const,
      })),
      ...(noise
        ? roles.map((role) => ({
            name: `${shortRole(role)} noise`,
            look: dashed(roleSeries[role]),
            points: points(matrices, role, noise),
            thin: true,
          }))
        : []),
      ...paper,
    ],
    ...(target && target.layer !== null && exists(value) && { ring: [target.layer, value] as const }),
  });
}

export function participationChart(record: PaperRecord): Html {
  return layerChart(record, {
    title: "Participation ratio against noise",
    label: "PR / PR of noise of the same shape",
    caption: `PR over eigenvalues, divided by what noise of the same shape has: 1 is as spread out as noise. Ringed: ${record.target}.`,
    measure: ({ pr, prNull }) => over(pr, prNull),
    noiseAtOne: true,
  });
}

export function singularParticipationChart(record: PaperRecord): Html {
  return layerChart(record, {
    title: "Participation ratio as the paper counts it",
    label: "PR over singular values",
    caption:
      "Diamonds: printed in the paper, for its own model. Dashed: noise of the same shape. Shape alone puts c_proj below c_attn.",
    measure: ({ prSingular }) => prSingular,
    noise: ({ prSingularNull }) => prSingularNull,
    paper: [
      { name: "c_attn, paper", look: solid(1), points: printed(record.layers, "cAttnPr"), shape: "points" },
      { name: "c_proj, paper", look: solid(2), points: printed(record.layers, "cProjPr"), shape: "points" },
    ],
  });
}

export function firstComponentChart(record: PaperRecord): Html {
  const largest = Math.max(0, ...attentionMatrices(record).flatMap(({ pc1 }) => (exists(pc1) ? [pc1] : [])));
  return layerChart(record, {
    title: "Share of the first principal component",
    label: "PC1 (% of the squared singular values)",
    caption: `The share that a rank-1 copy keeps; the largest here is ${percent(largest)}%. Diamonds: printed in the paper (c_proj only). Dashed: noise of the same shape.`,
    measure: ({ pc1 }) => (exists(pc1) ? pc1 * 100 : null),
    noise: ({ pc1Null }) => (exists(pc1Null) ? pc1Null * 100 : null),
    paper: [
      { name: "c_proj, paper", look: solid(2), points: printed(record.layers, "cProjPc1Percent"), shape: "points" },
    ],
  });
}
