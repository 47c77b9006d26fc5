/** @file The record of an export: what was written, from what, and what it means for training. */

export interface ExportRecord {
  readonly schema: "deadweight/export@1";
  readonly version: string;
  readonly to: string;
  /** SHA-256 null for a compact checkpoint, which is no plan's model. */
  readonly model: { readonly source: string; readonly sha256: string | null };
  /** Path of the plan; null for `dense`. */
  readonly plan: string | null;
  readonly out: string;
  /** Paths within `out`, with their sizes. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** What is to be trained; null where nothing is. */
  readonly train: string | null;
  readonly frozen: { readonly matrices: number; readonly ofMatrices: number; readonly parameters: number } | null;
  /** What the trainer will update; null where that is no list for a trainer. */
  readonly trainableParameters: number | null;
  /** Of the weight files, for a checkpoint. */
  readonly weightBytes: { readonly before: number; readonly after: number } | null;
  /** The options as data: those of the file for a trainer. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}
