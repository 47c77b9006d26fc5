/** @file The scales that quantized checkpoints keep beside their weights. Knows the conventions, and nothing of the weights' values. */
import { dtypeBits, isDtype, isFloatDtype } from "../foundation/dtype.js";
import type { StoredScale } from "./stored-elements.js";
import type { StoredTensor } from "./stored-tensor.js";

export interface ScaleSource {
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly readFloat32: (name: string) => Float32Array;
  readonly readBytes: (name: string, byteBegin: number, byteEnd: number) => Uint8Array;
}

/** Which tensor holds the scales of a weight, and which elements each of them multiplies. */
interface ScaleLayout extends Omit<StoredScale, "values"> {
  readonly tensor: string;
  /** What the stored scales are divided by. */
  readonly divisor: number;
}

/** A clause: "X is ...". */
export interface ScaleProblem {
  readonly problem: string;
}

/**
 * The companions of a weight: DeepSeek's FP8 blocks; compressed-tensors, FBGEMM and ModelOpt; LLM.int8 of bitsandbytes, whose
 * scale is the row's largest magnitude. All multiply.
 */
const companionsOf = (name: string) =>
  [`${name}_scale_inv`, `${name}_scale`, `${name.replace(/(^|\.)weight$/, "")}.SCB`] as const;

/** Whether a tensor belongs to the storage of a weight and is none itself. */
export function isScale({ name, dtype }: StoredTensor, tensors: ReadonlyMap<string, StoredTensor>): boolean {
  // Powers of two and nothing else.
  if (dtype === "F8_E8M0") return true;
  if (/(^|[._])(weight_scale(_inv|_2)?|weight_zero_point|weight_g_idx|input_scale|SCB)$/.test(name)) return true;
  // GPTQ and AWQ.
  if (/(^|\.)(scales|qzeros)$/.test(name)) return tensors.has(name.replace(/\w+$/, "qweight"));
  const whole = name.replace(/_scale(_inv)?$/, "");
  return whole !== name && tensors.has(whole);
}

/** How the scales of a quantized weight lie, by shapes alone; null where it has no companion. */
export function scaleLayout(
  source: ScaleSource,
  { name, dtype, shape }: StoredTensor,
): ScaleLayout | ScaleProblem | null {
  // Beside a float, a scale says how to quantize it, not what it is.
  if (isFloatDtype(dtype)) return null;
  const tensor = companionsOf(name).find((companion) => source.tensors.has(companion));
  if (tensor === undefined) return null;
  const scale = source.tensors.get(tensor)!;
  if (!isFloatDtype(scale.dtype))
    return { problem: `stored with scales of ${scale.dtype} ('${tensor}'), which are not read` };
  const divisor = tensor.endsWith(".SCB") ? 127 : 1;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const cols = shape.at(-1) ?? 1;
  if (scale.shape.every((size) => size === 1)) return { tensor, divisor, rowBlock: rows, colBlock: cols, blockCols: 1 };
  const misfit = {
    problem: `stored with scales of shape [${scale.shape.join(", ")}] ('${tensor}'), which do not fit its own [${shape.join(", ")}]`,
  };
  // One number for each row, or for each expert.
  const sizes = scale.shape.length === shape.length - 1 ? [...scale.shape, 1] : scale.shape;
  const stack = shape.slice(0, -2).join();
  if (sizes.length !== shape.length || shape.length < 2 || sizes.slice(0, -2).join() !== stack) {
    // [experts] scales whole matrices.
    if (shape.length === 3 && scale.shape.join() === stack) {
      return { tensor, divisor, rowBlock: shape[1], colBlock: cols, blockCols: 1 };
    }
    return misfit;
  }
  const [rowSize, colSize] = blockSize(source.config);
  const rowBlock = blockLength(shape.at(-2)!, sizes.at(-2)!, rowSize);
  // Groups of any size run along a row; the blocks of `_scale_inv` are the configured ones or a mistake.
  const grouped = tensor.endsWith("_scale") && cols % sizes.at(-1)! === 0;
  const colBlock = blockLength(cols, sizes.at(-1)!, colSize) ?? (grouped ? cols / sizes.at(-1)! : null);
  if (rowBlock === null || colBlock === null) return misfit;
  // Blocks are counted through a stack: each of its matrices must hold whole ones.
  if (stack !== "" && shape.at(-2)! % rowBlock !== 0) return misfit;
  return { tensor, divisor, rowBlock, colBlock, blockCols: sizes.at(-1)! };
}

/** What multiplies the elements of a stored matrix; null where no companion is there. */
export function storedScale(source: ScaleSource, tensor: StoredTensor): StoredScale | ScaleProblem | null {
  const layout = scaleLayout(source, tensor);
  if (layout === null || "problem" in layout) return layout;
  const { rowBlock, colBlock, blockCols, divisor } = layout;
  const values = source.readFloat32(layout.tensor);
  return { values: divisor === 1 ? values : values.map((value) => value / divisor), rowBlock, colBlock, blockCols };
}

/** Whether a quantized weight has zero points besides its scales; zeros alone say nothing. */
export function hasZeroPoints({ tensors, readBytes }: ScaleSource, { name }: StoredTensor): boolean {
  const points = tensors.get(`${name}_zero_point`);
  if (points === undefined || !isDtype(points.dtype)) return false;
  const bytes = (points.shape.reduce((a, b) => a * b, 1) * dtypeBits(points.dtype)) / 8;
  return readBytes(points.name, 0, bytes).some((byte) => byte !== 0);
}

/** How long the pieces are of which `count` cover `length`: all, the configured or single ones; null where none fit. No other is guessed. */
function blockLength(length: number, count: number, configured: number): number | null {
  if (count === 1) return length;
  if (Math.ceil(length / configured) === count) return configured;
  return count === length ? 1 : null;
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
