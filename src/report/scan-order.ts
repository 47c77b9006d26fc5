/** @file The orders in which a reader may want the rows of a scan. */
import type { MatrixScanRecord } from "../records/scan-record.js";
import { noiseDistance } from "./scan-lines.js";

export type ScanOrder = "layer" | "name" | "pr" | "pc1" | "spikes" | "change" | "distance";

const most = (value: number | null | undefined) => value ?? Number.NEGATIVE_INFINITY;
const least = (value: number | null | undefined) => value ?? Number.POSITIVE_INFINITY;

/** What comes first compares as smaller; figures that do not exist come last. */
const orders: Readonly<Record<ScanOrder, (a: MatrixScanRecord, b: MatrixScanRecord) => number>> = {
  layer: () => 0,
  name: (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)),
  /** The lowest against noise first. */
  pr: (a, b) => difference(least(a.ratios.pr), least(b.ratios.pr)),
  pc1: (a, b) => difference(most(b.pc1), most(a.pc1)),
  spikes: (a, b) => difference(most(b.spikeEnergy), most(a.spikeEnergy)),
  change: (a, b) => difference(most(b.change?.relativeChange), most(a.change?.relativeChange)),
  /** The furthest from noise first. */
  distance: (a, b) => noiseDistance(b) - noiseDistance(a),
};

/** Infinities of one sign are equal. */
const difference = (a: number, b: number) => (a === b ? 0 : a - b);

/** Rows that are equal stay in the order given. */
export function orderedMatrices(matrices: readonly MatrixScanRecord[], order: ScanOrder): MatrixScanRecord[] {
  return [...matrices].sort(orders[order]);
}
