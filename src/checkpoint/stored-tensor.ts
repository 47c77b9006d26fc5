/** @file A named tensor of a checkpoint, without its values. */

export interface StoredTensor {
  readonly name: string;
  /** As the safetensors format names it: F32, F16, BF16, ... */
  readonly dtype: string;
  readonly shape: readonly number[];
}
