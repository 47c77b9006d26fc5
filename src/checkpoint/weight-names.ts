/** @file Which tensor is which weight matrix of which layer. Knows names, shapes and storage order; nothing of values. */
import { isDtype, isFloatingPoint } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import type { Checkpoint } from "./checkpoint.js";
import { type CheckpointMatrix, canonicalName } from "./checkpoint-matrix.js";
import { expertMatrices } from "./expert-matrices.js";
import { layerAndRole } from "./layer-and-role.js";
import { matrixParts } from "./matrix-parts.js";
import { isBuffer, isTiedCopy } from "./parameter-count.js";
import { isScale } from "./stored-scale.js";
import type { StoredTensor } from "./stored-tensor.js";

/**
 * Every 2-D floating-point weight and every expert of a stacked one, in the order of layers and then of names; embeddings and head included.
 * Causal masks, scales and an output head that only repeats the tied embedding are left out.
 * @param parts whether the parts of packed weights follow their whole.
 */
export function listMatrices(checkpoint: Checkpoint, { parts = false }: { parts?: boolean } = {}): CheckpointMatrix[] {
  const conv1d = storesConv1d(checkpoint);
  const matrices: CheckpointMatrix[] = [];
  for (const tensor of checkpoint.tensors.values()) {
    if (!isWeight(checkpoint, tensor)) continue;
    const wholes = tensor.shape.length === 2 ? [wholeMatrix(tensor, conv1d)] : expertMatrices(tensor, checkpoint);
    for (const whole of wholes) {
      matrices.push(whole);
      if (parts) matrices.push(...matrixParts(whole, checkpoint.config));
    }
  }
  return matrices.sort(inOrder);
}

export interface SkippedTensor {
  readonly tensor: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly reason: string;
}

/** The weights that cannot be read, packed integers included, each with the reason. */
export function listSkipped(checkpoint: Checkpoint): SkippedTensor[] {
  const skipped: SkippedTensor[] = [];
  for (const tensor of checkpoint.tensors.values()) {
    const { name, dtype, shape } = tensor;
    const packed = /\.(qweight|weight_packed|qzeros)$/.test(name) || (/\.weight$/.test(name) && !isFloat(dtype));
    if (!(isWeight(checkpoint, tensor) || (packed && shape.length >= 2))) continue;
    const elements = checkpoint.elementsOf(name);
    if ("unreadable" in elements) skipped.push({ tensor: name, dtype, shape, reason: elements.unreadable });
  }
  return skipped;
}

const isFloat = (dtype: string) => isDtype(dtype) && isFloatingPoint(dtype);

/** Integers count only where they are the values of a weight. */
function isWeight(checkpoint: Checkpoint, tensor: StoredTensor): boolean {
  const { name, dtype, shape } = tensor;
  const twoDimensional = shape.length === 2;
  const stacked = shape.length === 3 && /(^|\.)experts?\./.test(name);
  if (!(twoDimensional || stacked) || shape.includes(0)) return false;
  if (!(isFloat(dtype) || (dtype === "I8" && name.endsWith(".weight")))) return false;
  return !(/[._]bias$/.test(name) || isScale(name) || isBuffer(tensor) || isTiedCopy(checkpoint, tensor));
}

function wholeMatrix({ name: full, dtype, shape }: StoredTensor, conv1d: boolean): CheckpointMatrix {
  const name = canonicalName(full);
  const transposed = conv1d && /(^|\.)(c_attn|q_attn|c_proj|c_fc)$/.test(name);
  const [rows, cols] = transposed ? [shape[1], shape[0]] : shape;
  return {
    ...{ name, tensor: full, ...layerAndRole(name), part: null, rows, cols, dtype, transposed },
    stored: { elementBegin: 0, rows: shape[0], cols: shape[1] },
  };
}

/** By layer, then by name; a part follows its whole, experts follow by number. */
function inOrder(a: CheckpointMatrix, b: CheckpointMatrix): number {
  const layers = (a.layer ?? -1) - (b.layer ?? -1);
  if (layers !== 0) return layers;
  const [first, second] = [canonicalName(a.tensor), canonicalName(b.tensor)];
  if (first !== second) return first < second ? -1 : 1;
  return a.stored.elementBegin - b.stored.elementBegin || Number(a.part !== null) - Number(b.part !== null);
}

/**
 * Whether GPT-2's layers are stored as Conv1D. Other code keeps the names but stores torch.nn.Linear, so the shapes decide:
 * c_attn has three times (grouped queries: more than) as many outputs as inputs, c_fc usually four times.
 */
function storesConv1d(checkpoint: Checkpoint): boolean {
  for (const telling of [/(^|\.)c_attn\.weight$/, /(^|\.)c_fc\.weight$/]) {
    for (const { name, shape } of checkpoint.tensors.values()) {
      if (telling.test(name) && shape.length === 2 && shape[0] !== shape[1]) return shape[0] < shape[1];
    }
  }
  return checkpoint.config?.model_type === "gpt2";
}

/** @returns [rows * cols], row-major, output x input whatever the storage order. @throws InputError */
export function readMatrix(checkpoint: Checkpoint, matrix: CheckpointMatrix): Float32Array {
  if (matrix.part !== null || matrix.expert !== null) {
    throw new InputError(
      `${checkpoint.source}: '${matrix.name}' is a part of a tensor, and only whole ones are read here.`,
    );
  }
  const stored = checkpoint.readFloat32(matrix.tensor);
  return matrix.transposed ? transpose(stored, matrix.cols, matrix.rows) : stored;
}

/** @param values [rows * cols], row-major. @returns [cols * rows] */
function transpose(values: Float32Array, rows: number, cols: number): Float32Array {
  const result = new Float32Array(values.length);
  // In squares, so that both sides stay in the cache.
  const side = 32;
  for (let rowBegin = 0; rowBegin < rows; rowBegin += side) {
    const rowEnd = Math.min(rows, rowBegin + side);
    for (let colBegin = 0; colBegin < cols; colBegin += side) {
      const colEnd = Math.min(cols, colBegin + side);
      for (let row = rowBegin; row < rowEnd; row++) {
        for (let col = colBegin; col < colEnd; col++) result[col * rows + row] = values[row * cols + col];
      }
    }
  }
  return result;
}
