/** @file The scales that quantized checkpoints keep beside their weights. Knows the conventions, and nothing of the weights' values. */

import type { StoredScale } from "./stored-elements.js";
import type { StoredTensor } from "./stored-tensor.js";

export interface ScaleSource {
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly readFloat32: (name: string) => Float32Array;
}

/** The companions of `X.weight`: DeepSeek's FP8 blocks; compressed-tensors, FBGEMM and ModelOpt; LLM.int8 of bitsandbytes. */
const companions = [/\.weight_scale_inv$/, /\.weight_scale$/, /\.SCB$/] as const;

/** Whether a tensor is a scale and not a weight. */
export const isScale = (name: string): boolean =>
  companions.some((pattern) => pattern.test(name)) || /\.(input_scale|weight_zero_point|weight_format)$/.test(name);

/** What multiplies the elements of a stored matrix; null where no companion is there, a clause where one makes no sense. */
export function storedScale(
  source: ScaleSource,
  { name, shape }: StoredTensor,
): StoredScale | null | { problem: string } {
  const base = name.replace(/\.weight$/, "");
  const [rows, cols] = [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape[shape.length - 1]];
  const found = [`${base}.weight_scale_inv`, `${base}.weight_scale`, `${base}.SCB`].find((key) =>
    source.tensors.has(key),
  );
  if (found === undefined || found === name) return null;
  const values = source.readFloat32(found);
  if (found.endsWith(".SCB")) {
    if (values.length !== rows) return { problem: `'${found}' holds ${values.length} scales for ${rows} rows` };
    return { values: values.map((value) => value / 127), rowBlock: 1, colBlock: cols, blockCols: 1 };
  }
  if (values.length === 1) return { values, rowBlock: rows, colBlock: cols, blockCols: 1 };
  if (values.length === rows && !found.endsWith("_inv")) return { values, rowBlock: 1, colBlock: cols, blockCols: 1 };
  const [rowBlock, colBlock] = blockSize(source.config);
  const blockCols = Math.ceil(cols / colBlock);
  if (values.length === Math.ceil(rows / rowBlock) * blockCols) return { values, rowBlock, colBlock, blockCols };
  return { problem: `'${found}' holds ${values.length} scales, which fit no ${rows} x ${cols} matrix` };
}

function blockSize(config: ScaleSource["config"]): readonly [number, number] {
  const quantization = config?.quantization_config;
  const size =
    typeof quantization === "object" && quantization !== null && "weight_block_size" in quantization
      ? quantization.weight_block_size
      : null;
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
  return Array.isArray(size) && size.length === 2 && size.every(isSize) ? [size[0], size[1]] : [128, 128];
}
