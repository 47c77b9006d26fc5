/** @file Which tensor is which weight matrix of which layer. Knows names, shapes and storage order; nothing of values. */
import { isDtype, isFloatingPoint } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import type { Checkpoint } from "./checkpoint.js";
import { nearNames } from "./near-names.js";
import { isBuffer, isTiedCopy } from "./parameter-count.js";

/** One 2-D weight, taken as output x input: a row belongs to an output unit. */
export interface CheckpointMatrix {
  /** Canonical name, e.g. `h.4.attn.c_proj`. */
  readonly name: string;
  /** Name of the tensor in the checkpoint. */
  readonly tensor: string;
  readonly layer: number | null;
  /** The canonical name without layer container and number, e.g. `attn.c_proj`. */
  readonly role: string;
  /** Output units. */
  readonly rows: number;
  /** Input units. */
  readonly cols: number;
  readonly dtype: string;
  /** Stored as [input, output] (GPT-2's Conv1D). */
  readonly transposed: boolean;
}

/** The module's name: without `.weight` and without a wrapper prefix. */
export function canonicalName(tensor: string): string {
  return tensor.replace(/\.weight$/, "").replace(/^(transformer|model|gpt_neox)\./, "");
}

/**
 * Every 2-D floating-point weight, in the order of layers and then of names; embeddings and head included. Causal masks and an
 * output head that only repeats the tied embedding are left out.
 */
export function listMatrices(checkpoint: Checkpoint): CheckpointMatrix[] {
  const conv1d = storesConv1d(checkpoint);
  const matrices: CheckpointMatrix[] = [];
  for (const tensor of checkpoint.tensors.values()) {
    const { name: full, dtype, shape } = tensor;
    if (shape.length !== 2 || !isDtype(dtype) || !isFloatingPoint(dtype)) continue;
    if (full.endsWith(".bias") || isBuffer(tensor) || isTiedCopy(checkpoint, tensor)) continue;
    const name = canonicalName(full);
    const transposed = conv1d && /(^|\.)(c_attn|q_attn|c_proj|c_fc)$/.test(name);
    const [rows, cols] = transposed ? [shape[1], shape[0]] : shape;
    matrices.push({ name, tensor: full, ...layerAndRole(name), rows, cols, dtype, transposed });
  }
  return matrices.sort((a, b) => (a.layer ?? -1) - (b.layer ?? -1) || (a.name < b.name ? -1 : 1));
}

/** The first number in the name is the layer, and the word before it its container (`h`, `layers`, `blocks`). */
function layerAndRole(name: string): { layer: number | null; role: string } {
  const words = name.split(".");
  const at = words.findIndex((word) => /^\d+$/.test(word));
  if (at < 0) return { layer: null, role: name };
  const role = [...words.slice(0, Math.max(0, at - 1)), ...words.slice(at + 1)].join(".");
  return { layer: Number(words[at]), role: role || name };
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

/**
 * The matrices whose canonical or full tensor name a glob matches: `*` stays within a dot, `**` crosses dots.
 * @returns in the order given. @throws InputError where none matches, naming the nearest.
 */
export function matchMatrices(matrices: readonly CheckpointMatrix[], pattern: string): CheckpointMatrix[] {
  const glob = globExpression(pattern);
  const matched = matrices.filter(({ name, tensor }) => glob.test(name) || glob.test(tensor));
  if (matched.length > 0) return matched;
  const near = nearNames(
    pattern,
    matrices.map(({ name }) => name),
  );
  throw new InputError(
    `'${pattern}': no matrix of the checkpoint has such a name. Nearest names: ${near.join(", ") || "none"} ('*' stays within a dot, '**' crosses dots).`,
  );
}

function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\*{2,}|\*|[^*\w]/gu, (token) => {
    if (token === "*") return "[^.]*";
    return token.startsWith("**") ? ".*" : `\\u{${token.codePointAt(0)!.toString(16)}}`;
  });
  return new RegExp(`^${source}$`, "u");
}
