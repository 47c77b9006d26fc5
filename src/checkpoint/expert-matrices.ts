/** @file The experts that a mixture keeps in one tensor of three dimensions, one matrix each. Knows nothing of values. */
import type { Checkpoint } from "./checkpoint.js";
import { type CheckpointMatrix, canonicalName } from "./checkpoint-matrix.js";
import { layerAndRole } from "./layer-and-role.js";
import type { StoredTensor } from "./stored-tensor.js";
import { positiveSetting, textConfig } from "./text-config.js";

/** Whether a tensor stacks one matrix for each expert: by its three dimensions, and by a name that speaks of experts. */
export function isExpertStack({ name, shape }: StoredTensor): boolean {
  if (shape.length !== 3) return false;
  return /(^|[._])(experts?|moe)\./.test(name) || /(^|\.)(input|output)_linear\.weight$/.test(name);
}

/** The matrices of one stack. @param inputFirst see `inputFirstStacks`. */
export function expertMatrices(
  { name: full, dtype, shape }: StoredTensor,
  inputFirst: (tensor: StoredTensor) => boolean,
): CheckpointMatrix[] {
  const [experts, storedRows, storedCols] = shape;
  const base = canonicalName(full);
  const transposed = inputFirst({ name: full, dtype, shape });
  const [rows, cols] = transposed ? [storedCols, storedRows] : [storedRows, storedCols];
  const { layer, role } = layerAndRole(base);
  return Array.from({ length: experts }, (_, expert) => ({
    ...{ name: `${base}.${expert}`, tensor: full, layer, role, expert, part: null, rows, cols, dtype, transposed },
    stored: { elementBegin: expert * storedRows * storedCols, rows: storedRows, cols: storedCols },
  }));
}

/**
 * Which stacks are [experts, input, output] and not [experts, output, input]: Llama 4 and GPT-OSS compute x W, Mixtral and Qwen x W^T. The
 * hidden size tells: it is the input of what reads the hidden state and the output of what writes it. A stack whose two sides are both as
 * long (GPT-OSS down_proj) is stored like the others; where none tells, output x input is assumed.
 */
export function inputFirstStacks({ config, tensors }: Checkpoint): (tensor: StoredTensor) => boolean {
  const hidden = positiveSetting(textConfig(config), "hidden_size", "d_model", "n_embd");
  const told = ({ name, shape: [, rows, cols] }: StoredTensor): boolean | null => {
    if (rows === cols || (rows === hidden) === (cols === hidden)) return null;
    const writes = /(down_proj|w2|wo|fc2|output_linear)$/.test(canonicalName(name));
    return writes ? cols === hidden : rows === hidden;
  };
  let others: boolean | null = null;
  for (const tensor of tensors.values()) {
    if (isExpertStack(tensor)) others ??= told(tensor);
    if (others !== null) break;
  }
  return (tensor) => told(tensor) ?? others ?? false;
}
