/** @file The experts that a mixture keeps in one tensor of three dimensions, one matrix each. Knows nothing of values. */
import type { Checkpoint } from "./checkpoint.js";
import { type CheckpointMatrix, canonicalName } from "./checkpoint-matrix.js";
import { layerAndRole } from "./layer-and-role.js";
import type { StoredTensor } from "./stored-tensor.js";

/**
 * Stored as [experts, output, input], but for the checkpoints that compute x W and store [experts, input, output]: there the hidden size is the
 * second dimension of what reads it and the third of what writes it. Where both sides are equal, output x input is assumed.
 */
export function expertMatrices({ name: full, dtype, shape }: StoredTensor, { config }: Checkpoint): CheckpointMatrix[] {
  const [experts, storedRows, storedCols] = shape;
  const base = canonicalName(full);
  const hidden = hiddenSize(config);
  const writes = /(down_proj|w2|wo|output_linear)$/.test(base);
  const inputSide = writes ? (storedRows === hidden ? storedCols : storedRows) : hidden;
  const transposed =
    storedRows !== storedCols && storedRows === inputSide && (writes ? storedCols : storedRows) === hidden;
  const [rows, cols] = transposed ? [storedCols, storedRows] : [storedRows, storedCols];
  const { layer, role } = layerAndRole(base);
  return Array.from({ length: experts }, (_, expert) => ({
    ...{ name: `${base}.${expert}`, tensor: full, layer, role, expert, part: null, rows, cols, dtype, transposed },
    stored: { elementBegin: expert * storedRows * storedCols, rows: storedRows, cols: storedCols },
  }));
}

/** Of the text model where there are several. */
function hiddenSize(config: Checkpoint["config"]): number | null {
  const text = config?.text_config;
  const nested = typeof text === "object" && text !== null && "hidden_size" in text ? text.hidden_size : undefined;
  const size = nested ?? config?.hidden_size;
  return typeof size === "number" ? size : null;
}
