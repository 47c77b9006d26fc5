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
  /** Below the scale, at shade -1, 0 and 1; one that starts at 0 has no first. */
  readonly scale: readonly [low: string | null, middle: string, high: string];
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
    scale: ["x1/8 or less", "x1: as noise", "x8 or more"],
  };
}

/** @param most the share of full colour. */
function shareMeasure(
  key: string,
  label: string,
  value: MapMeasure["value"],
  { most = 1, decimals = 1 } = {},
): MapMeasure {
  const text = (share: number) => `${percent(share, decimals)}%`;
  return {
    ...{ key, label, value, text },
    shade: (share) => (most > 0 ? Math.max(0, Math.min(1, share / most)) : 0),
    scale: [null, "0%", text(most)],
  };
}

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
    scale: ["0", "4", "8 or more"],
  },
];

/** Fine-tuning moves most matrices by less than a percent: the one that moved most has the full colour. */
function changeMeasures(matrices: readonly MatrixScanRecord[]): MapMeasure[] {
  const moved = (matrix: MatrixScanRecord) => matrix.change?.relativeChange;
  const most = matrices.reduce((largest, matrix) => Math.max(largest, moved(matrix) ?? 0), 0);
  return [
    shareMeasure("relativeChange", "Change since the base", moved, { most, decimals: most < 0.1 ? 2 : 1 }),
    {
      ...ratioMeasure("pr", "Participation ratio of the change"),
      key: "changePr",
      value: ({ change }) => change?.ratios.pr,
    },
    shareMeasure("changeSpikeEnergy", "Energy in the spikes of the change", ({ change }) => change?.spikeEnergy),
  ];
}

/** Those for which any matrix has a figure. */
export function mapMeasures(matrices: readonly MatrixScanRecord[]): MapMeasure[] {
  return [...changeMeasures(matrices), ...ofMatrix].filter(({ value }) =>
    matrices.some((matrix) => exists(value(matrix))),
  );
}
