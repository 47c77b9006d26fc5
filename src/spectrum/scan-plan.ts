/** @file How the stored matrices of a checkpoint are read, once and in the order of the file. Knows nothing of values or threads. */
import type { CheckpointMatrix, StoredRegion } from "../checkpoint/checkpoint-matrix.js";
import { type Depth, largestExactSide } from "./measuring.js";

/** One stored matrix and what is measured of it. */
export interface ScanUnit {
  readonly tensor: string;
  /** The whole block, whatever its matrices take of it. */
  readonly stored: Pick<StoredRegion, "elementBegin" | "rows" | "cols">;
  readonly matrices: readonly CheckpointMatrix[];
  /** `whole`: in one piece. `shares`: by rows, to whoever is free. `kept`: by rows, to one. */
  readonly reading: "whole" | "shares" | "kept";
}

/** Bytes read at a time where a matrix comes in pieces. A share must outweigh the sum that it is answered with. */
export const pieceBytes = { shares: 1 << 24, kept: 1 << 22 } as const;

export interface PlanOptions {
  readonly depth: Depth;
  /** Amplitude fits, exact values and comparisons want the whole matrix in memory. */
  readonly whole: boolean;
}

/** @param dataOrder names of the tensors as they lie in the files. @returns in that order. */
export function scanUnits(
  matrices: readonly CheckpointMatrix[],
  dataOrder: readonly string[],
  { depth, whole }: PlanOptions,
): ScanUnit[] {
  const together = new Map<string, CheckpointMatrix[]>();
  for (const matrix of matrices) {
    const key = `${matrix.tensor}\\0${matrix.stored.elementBegin}`;
    together.set(key, [...(together.get(key) ?? []), matrix]);
  }
  const place = new Map(dataOrder.map((name, index) => [name, index]));
  return [...together.values()]
    .map((group): ScanUnit => {
      const [{ tensor, stored }] = group;
      const simple = !whole && depth !== "exact" && group.length === 1 && !stored.rowRanges && !stored.colRanges;
      return { tensor, stored, matrices: group, reading: simple ? readingOf(stored.rows, stored.cols) : "whole" };
    })
    .sort((a, b) => place.get(a.tensor)! - place.get(b.tensor)! || a.stored.elementBegin - b.stored.elementBegin);
}

function readingOf(rows: number, cols: number): ScanUnit["reading"] {
  if (Math.min(rows, cols) > largestExactSide) return "kept";
  // A share's sum takes cols^2 doubles: the rows must outweigh it.
  return rows >= 4 * cols ? "shares" : "whole";
}
