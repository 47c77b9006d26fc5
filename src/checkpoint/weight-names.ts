/** @file Which tensor is which weight matrix of which layer. Knows names, shapes and storage order; nothing of values. */
import { isDtype, isFloatingPoint } from "../foundation/dtype.js";
import type { Checkpoint } from "./checkpoint.js";
import { type CheckpointMatrix, canonicalName } from "./checkpoint-matrix.js";
import { expertMatrices, inputFirstStacks, isExpertStack } from "./expert-matrices.js";
import { layerAndRole } from "./layer-and-role.js";
import { matrixParts } from "./matrix-parts.js";
import { isBuffer, isTiedCopy } from "./parameter-count.js";
import { isScale } from "./stored-scale.js";
import type { StoredTensor } from "./stored-tensor.js";
import { unreadableReason } from "./tensor-elements.js";

export { readMatrix } from "./matrix-values.js";

/**
 * Every 2-D floating-point weight and every expert of a stacked one, in the order of layers and then of names; embeddings and head included.
 * Causal masks, scales and an output head that only repeats the tied embedding are left out.
 * @param parts whether the parts of packed weights follow their whole.
 */
export function listMatrices(checkpoint: Checkpoint, { parts = false }: { parts?: boolean } = {}): CheckpointMatrix[] {
  const conv1d = storesConv1d(checkpoint);
  const inputFirst = inputFirstStacks(checkpoint);
  const matrices: CheckpointMatrix[] = [];
  for (const tensor of checkpoint.tensors.values()) {
    if (!isWeight(checkpoint, tensor)) continue;
    const wholes = tensor.shape.length === 2 ? [wholeMatrix(tensor, conv1d)] : expertMatrices(tensor, inputFirst);
    for (const whole of wholes) {
      matrices.push(whole);
      if (parts) matrices.push(...matrixParts(whole, checkpoint.config));
    }
  }
  return inOrder(matrices);
}

export interface SkippedTensor {
  readonly tensor: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A clause: "X is ...". */
  readonly reason: string;
}

/** The weights that cannot be read, packed integers included, each with the reason. @throws InputError */
export function listSkipped(checkpoint: Checkpoint): SkippedTensor[] {
  return [...checkpoint.tensors.values()].flatMap((tensor) => {
    if (!(isWeight(checkpoint, tensor) || isPackedWeight(tensor))) return [];
    const reason = unreadableReason(checkpoint, tensor);
    return reason === null ? [] : [{ tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, reason }];
  });
}

const isFloat = (dtype: string) => isDtype(dtype) && isFloatingPoint(dtype);

/** Integers count only where they are the values of a weight. */
function isWeight(checkpoint: Checkpoint, tensor: StoredTensor): boolean {
  const { name, dtype, shape } = tensor;
  if (!(shape.length === 2 || isExpertStack(tensor)) || shape.includes(0)) return false;
  if (!(isFloat(dtype) || (dtype === "I8" && (name.endsWith(".weight") || shape.length === 3)))) return false;
  if (/[._]bias$/.test(name) || isBuffer(tensor)) return false;
  return !(isScale(tensor, checkpoint.tensors) || isTiedCopy(checkpoint, tensor));
}

/** Whether integers hold several elements each: GPTQ, AWQ, compressed-tensors, MXFP4 of GPT-OSS, 4 bits of bitsandbytes. */
function isPackedWeight({ name, dtype, shape }: StoredTensor): boolean {
  if (shape.length < 2 || shape.includes(0)) return false;
  return /(\.(qweight|weight_packed)|_blocks)$/.test(name) || (name.endsWith(".weight") && !isFloat(dtype));
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

/** By layer, then by name, numbers in it as numbers; a part follows its whole. */
function inOrder(matrices: readonly CheckpointMatrix[]): CheckpointMatrix[] {
  const keyed = matrices.map((matrix, index) => ({
    ...{ matrix, index, layer: matrix.layer ?? -1 },
    key: canonicalName(matrix.tensor).replace(/\d+/g, (digits) => digits.padStart(12, "0")),
  }));
  keyed.sort((a, b) => {
    if (a.layer !== b.layer) return a.layer - b.layer;
    // Of one tensor, they come in order.
    return a.key === b.key ? a.index - b.index : a.key < b.key ? -1 : 1;
  });
  return keyed.map(({ matrix }) => matrix);
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
