/** @file The closed set of primitives and their attributes. Knows nothing of shapes, derivatives or backends. */

/** How a weight matrix is stored: `inputOutput` is [in, out] (GPT-2's Conv1D), `outputInput` is [out, in] (torch.nn.Linear). */
export type WeightLayout = "inputOutput" | "outputInput";

export interface AttentionAttributes {
  /** Sequences in the batch; the inputs have `rows * length` rows, sequence by sequence. */
  readonly rows: number;
  readonly length: number;
  readonly heads: number;
  /** Key and value heads; each serves `heads / keyValueHeads` query heads in turn (grouped-query attention). */
  readonly keyValueHeads: number;
  readonly scale: number;
}

export interface RotaryAttributes {
  readonly heads: number;
  readonly headWidth: number;
  /** Radians per position of each rotated pair (i, i + frequencies.length); what lies beyond the pairs passes through. */
  readonly frequencies: readonly number[];
  /** Rotates backwards: the transpose of the forward rotation. */
  readonly inverse: boolean;
}

interface None {
  readonly [key: string]: never;
}

/**
 * Attributes of every primitive. Primitives are as coarse as a kernel author would choose: a backward primitive takes the forward's
 * inputs (never its intermediate results), and what a backend keeps between the two is the backend's own business.
 * "T" below is a number of token positions, "?" an optional last input.
 */
export interface PrimitiveAttributes {
  /** (x [T, in], weight, bias? [out]) -> [T, out] */
  linear: { readonly layout: WeightLayout };
  /** (dy [T, out], weight) -> [T, in] */
  linearInputGrad: { readonly layout: WeightLayout };
  /** (x [T, in], dy [T, out]) -> weight's shape */
  linearWeightGrad: { readonly layout: WeightLayout };
  /** (x [T, n]) -> [n] */
  columnSum: None;
  /** (table [V, n], rows int [T]) -> [T, n]; embedding lookup, selection of scored positions */
  gatherRows: None;
  /** (rows int [T], y [T, n]) -> [count, n]; rows named several times are summed */
  scatterAddRows: { readonly count: number };
  /** (x [T, n], scale [n], shift [n]) -> [T, n] */
  layerNorm: { readonly epsilon: number };
  /** (x, scale, dy) -> dx [T, n], dscale [n], dshift [n] */
  layerNormGrad: { readonly epsilon: number };
  /** (x [T, n], scale [n]) -> [T, n] */
  rmsNorm: { readonly epsilon: number };
  /** (x, scale, dy) -> dx [T, n], dscale [n] */
  rmsNormGrad: { readonly epsilon: number };
  /** (x [T, n]) -> [T, n] */
  gelu: { readonly approximation: "tanh" | "none" };
  /** (x, dy) -> [T, n] */
  geluGrad: { readonly approximation: "tanh" | "none" };
  /** (x [T, n]) -> [T, n] */
  silu: None;
  /** (x, dy) -> [T, n] */
  siluGrad: None;
  /** (x [T, heads * headWidth], positions int [T]) -> same shape */
  rotary: RotaryAttributes;
  /** (q [T, heads * w], k [T, keyValueHeads * w], v, segments? int [T]) -> [T, heads * w]; only within a segment */
  causalAttention: AttentionAttributes;
  /** (q, k, v, out, dout, segments?) -> dq, dk, dv */
  causalAttentionGrad: AttentionAttributes;
  /** (x [T, sum of sizes]) -> one [T, size] for each size */
  splitColumns: { readonly sizes: readonly number[] };
  /** (x [T, a], y [T, b], ...) -> [T, a + b + ...] */
  concatColumns: None;
  /** (x [a, b]) -> [rows, columns], the same elements in the same order; heads as rows of their own */
  reshape: { readonly rows: number; readonly columns: number };
  /** (x, y of one shape) -> same shape */
  add: None;
  /** (x, y of one shape) -> same shape */
  multiply: None;
  /** (x) -> factor * x */
  scale: { readonly factor: number };
  /** () -> shape, every element `value` */
  fill: { readonly shape: readonly number[]; readonly value: number };
  /**
   * The head and the loss in one, so that a backend need not store the logits.
   * (x [S, n], weight, targets int [S], weights [S]) -> loss [] = sum of weights * token losses, token losses [S] in nats
   */
  linearCrossEntropy: { readonly layout: WeightLayout };
  /** (x, weight, targets, weights, dloss []) -> dx [S, n], dweight */
  linearCrossEntropyGrad: { readonly layout: WeightLayout };
}

export type Primitive = keyof PrimitiveAttributes;
