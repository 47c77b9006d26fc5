/** @file One weight matrix of a checkpoint: its names, its shape, where it lies. Knows nothing of values. */

/** Half-open. */
export type Range = readonly [begin: number, end: number];

/** Where a matrix lies in its tensor: whole rows of a block of [rows, cols], of which a part takes some rows or columns. */
export interface StoredRegion {
  /** Of the block's first element within the tensor. */
  readonly elementBegin: number;
  readonly rows: number;
  readonly cols: number;
  /** All where absent. */
  readonly rowRanges?: readonly Range[];
  readonly colRanges?: readonly Range[];
}

/** One 2-D weight, taken as output x input: a row belongs to an output unit. */
export interface CheckpointMatrix {
  /** Canonical name, e.g. `h.4.attn.c_proj`; of a part `h.4.attn.c_attn.q`, of a stacked expert `layers.0.mlp.experts.gate_up_proj.3`. */
  readonly name: string;
  /** Name of the tensor in the checkpoint. */
  readonly tensor: string;
  readonly layer: number | null;
  /** The canonical name without layer container and number, e.g. `attn.c_proj`; without the expert's number. */
  readonly role: string;
  /** Number of the expert, where there are several. */
  readonly expert: number | null;
  /** `q`, `k`, `v`, `gate`, `up` of a packed weight; null for a whole one. */
  readonly part: string | null;
  /** Output units. */
  readonly rows: number;
  /** Input units. */
  readonly cols: number;
  readonly dtype: string;
  /** Stored as [input, output] (GPT-2's Conv1D). */
  readonly transposed: boolean;
  readonly stored: StoredRegion;
}

/** The module's name: without `.weight` and without a wrapper prefix. */
export function canonicalName(tensor: string): string {
  return tensor.replace(/\.weight$/, "").replace(/^(transformer|model|gpt_neox)\./, "");
}
