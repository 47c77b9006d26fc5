/** @file How the stored matrices of a checkpoint are read, once and in the order of the file. Knows nothing of values or threads. */
import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import { type Depth, largestExactSide, type StoredBlock } from "./measure-request.js";

/** One stored matrix and what is measured of it. */
export interface ScanUnit {
  readonly tensor: string;
  /** Of its first element within the tensor. */
  readonly elementBegin: number;
  readonly storedRows: number;
  readonly storedCols: number;
  readonly matrices: readonly CheckpointMatrix[];
  readonly blocks: readonly StoredBlock[];
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
      const blocks = group.map(blockOf);
      const simple = !whole && blocks.length === 1 && !blocks[0].storedRows && !blocks[0].storedCols;
      return {
        ...{ tensor, elementBegin: stored.elementBegin, storedRows: stored.rows, storedCols: stored.cols },
        matrices: group,
        blocks,
        reading: simple && depth !== "exact" ? readingOf(stored.rows, stored.cols) : "whole",
      };
    })
    .sort((a, b) => place.get(a.tensor)! - place.get(b.tensor)! || a.elementBegin - b.elementBegin);
}

function readingOf(rows: number, cols: number): ScanUnit["reading"] {
  if (Math.min(rows, cols) > largestExactSide) return "kept";
  // A share's sum takes cols^2 doubles: the rows must outweigh it.
  return rows >= 4 * cols ? "shares" : "whole";
}

function blockOf({ rows, cols, transposed, stored }: CheckpointMatrix): StoredBlock {
  return {
    ...{ rows, cols, transposed },
    ...(stored.rowRanges && { storedRows: stored.rowRanges }),
    ...(stored.colRanges && { storedCols: stored.colRanges }),
  };
}
