/** @file What a worker is asked and answers: plain data with the stored bytes. Knows nothing of files or threads. */

import type { CheckpointMatrix } from "../checkpoint/checkpoint-matrix.js";
import type { StoredElements } from "../checkpoint/stored-elements.js";
import type { ChangeRecord, MeasuresRecord } from "../records/scan-record.js";
import type { EntryMoments } from "./entry-moments.js";
import type { Depth, Measuring } from "./measuring.js";

/** One matrix and where it lies in the stored one. */
export type StoredBlock = Pick<CheckpointMatrix, "rows" | "cols" | "transposed" | "stored">;

/** Whole rows of a stored matrix. */
export interface StoredRows {
  readonly bytes: Uint8Array;
  readonly elements: StoredElements;
  /** Of the stored matrix; of the whole tensor, by which scales are counted. */
  readonly firstRow: number;
  readonly tensorRow: number;
  readonly cols: number;
}

export type MeasureRequest =
  /** A whole stored matrix and what is to be measured of it. */
  | {
      readonly kind: "matrix";
      readonly stored: StoredRows;
      /** The same matrix of another checkpoint: what has changed is measured too. */
      readonly base?: { readonly bytes: Uint8Array; readonly elements: StoredElements };
      readonly blocks: readonly StoredBlock[];
      readonly measuring: Measuring;
    }
  /** Some rows of a tall one: their share of the Gram matrix. */
  | { readonly kind: "share"; readonly stored: StoredRows; readonly depth: Depth }
  /** All shares added up. */
  | {
      readonly kind: "sum";
      readonly gram: Float64Array;
      readonly moments: EntryMoments;
      readonly block: StoredBlock;
      readonly measuring: Measuring;
    }
  /** Some rows of a large one, to be kept; the last ones are measured with it. */
  | {
      readonly kind: "keep";
      readonly stored: StoredRows;
      readonly block: StoredBlock;
      /** Null until the last rows. */
      readonly measuring: Measuring | null;
    };

export type MeasureReply =
  /** One for each block. */
  | {
      readonly kind: "measures";
      readonly measures: readonly MeasuresRecord[];
      readonly changes: readonly ChangeRecord[];
    }
  /** The upper triangle row by row. */
  | { readonly kind: "share"; readonly gram: Float64Array; readonly moments: EntryMoments; readonly bytes: Uint8Array }
  /** The bytes come back, so that the next piece is read into the same memory. */
  | { readonly kind: "kept"; readonly bytes: Uint8Array };

export type Measurer = (request: MeasureRequest) => Promise<MeasureReply>;
