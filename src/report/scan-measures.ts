/** @file The measures that a reader of the scan page may colour the map by. Knows no markup. */
import type { MatrixScanRecord } from "../records/scan-record.js";
import { exists, type Figure, percent } from "./figure-text.js";
import { figureText, ratioText } from "./scan-lines.js";

export interface MapMeasure {
  readonly key: string;
  readonly label: string;
  readonly value: (matrix: MatrixScanRecord) => Figure;
  readonly text: (value: number) => string;
  /** -1 (far below) .. 1 (far above); 0 is as noise. */
  readonly shade: (value: number) => number;
}

/** A ratio of 8 or 1/8 has the full colour. */
const ratioShade = (value: number) => (value > 0 ? Math.max(-1, Math.min(1, Math.log2(value) / 3)) : -1);

function ratioMeasure(key: string, label: string): MapMeasure {
  return {
    key,
    label: `${label}, against noise`,
    value: ({ ratios }) => ratios[key],
    text: ratioText,
    shade: ratioShade,
  };
}

const shareMeasure = (key: string, label: string, value: MapMeasure["value"]): MapMeasure => ({
  ...{ key, label, value },
  text: (share) => `${percent(share)}%`,
  shade: (share) => Math.max(0, Math.min(1, share)),
});

const ofMatrix: readonly MapMeasure[] = [
  ratioMeasure("pr", "Participation ratio"),
  ratioMeasure("prSingular", "Participation ratio of singular values"),
  ratioMeasure("pc1", "Share of the first component"),
  ratioMeasure("stableRank", "Stable rank"),
  ratioMeasure("effectiveRank", "Effective rank"),
  ratioMeasure("spectralNorm", "Spectral norm"),
  shareMeasure("spikeEnergy", "Energy in the spikes", ({ spikeEnergy }) => spikeEnergy),
  ratioMeasure("kurtosis", "Kurtosis of the entries"),
  {
    key: "tailExponent",
    label: "Exponent of the tail",
    value: ({ tailExponent }) => tailExponent,
    text: (value) => figureText(value),
    // Between 2 and 6, where the literature finds trained layers; no claim is made with it.
    shade: (value) => Math.max(-1, Math.min(1, (value - 4) / 4)),
  },
];

const ofChange: readonly MapMeasure[] = [
  shareMeasure("relativeChange", "Change since the base", ({ change }) => change?.relativeChange),
  {
    ...ratioMeasure("pr", "Participation ratio of the change"),
    key: "changePr",
    value: ({ change }) => change?.ratios.pr,
  },
];

/** Those for which any matrix has a figure. */
export function mapMeasures(matrices: readonly MatrixScanRecord[]): MapMeasure[] {
  return [...ofChange, ...ofMatrix].filter(({ value }) => matrices.some((matrix) => exists(value(matrix))));
}
