/** @file How much memory a training process takes, and how many rows it can compute at once within a budget. Measures nothing. */
import { InputError } from "../foundation/errors.js";
import { peakBytes } from "../graph/peak-bytes.js";
import { type LanguageModel, parameterCount } from "../model/language-model.js";
import { trainingGraph } from "../model/model-graph.js";

export interface BatchRows {
  readonly rows: number;
  readonly length: number;
  readonly slots: number;
}

export interface MemoryPlan {
  readonly rowsAtOnce: number;
  /** Models in training that may be kept for the next trial of their kind. */
  readonly keptTrainers: number;
  /** Of one process, estimated. */
  readonly bytes: number;
}

/** Node, the runtime and its code. Measured 2026-11 on Linux x64; see docs/log.md. */
const processBytes = 110 * 2 ** 20;
/** Weight, gradient and both moments; and what the runtime copies of the gradients, in the same measurement. */
const bytesPerTrained = 16;
const runtimeBytesPerTrained = 6;
const bytesPerBaseWeight = 4;
const mostKept = 3;

/** Bytes of a process that holds the base and trains one model of it, `rows` at a time. Of one held for later: its weights and graph. */
function estimate(
  model: LanguageModel,
  { length, slots }: BatchRows,
  rows: number,
): { first: number; further: number } {
  const parameters = parameterCount(model.parameters);
  const names = model.parameters.map(({ name }) => name);
  const graph = trainingGraph(model, { rows, length, slots: Math.min(slots, rows * length), packed: true }, names);
  const trainer = peakBytes(graph) + (bytesPerTrained + runtimeBytesPerTrained) * parameters;
  return { first: processBytes + bytesPerBaseWeight * parameters + trainer, further: trainer };
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Numbers of rows that split a batch evenly, or nearly: all, half, a third, ... one. */
function rowCounts(rows: number): number[] {
  return [...new Set(Array.from({ length: rows }, (_, parts) => Math.ceil(rows / (parts + 1))))];
}

/** The most rows at once that fit, then as many kept trainers as fit. @throws InputError where one row does not fit. */
export function planMemory(model: LanguageModel, batch: BatchRows, budgetBytes: number): MemoryPlan {
  for (const rowsAtOnce of rowCounts(batch.rows)) {
    const { first, further } = estimate(model, batch, rowsAtOnce);
    if (first > budgetBytes) continue;
    const keptTrainers = Math.min(mostKept, 1 + Math.floor((budgetBytes - first) / further));
    return { rowsAtOnce, keptTrainers, bytes: first + (keptTrainers - 1) * further };
  }
  const { first } = estimate(model, batch, 1);
  throw new InputError(
    `One row of ${batch.length} tokens takes about ${gigabytes(first)}, and ${gigabytes(budgetBytes)} are allowed for each job. Set --memory higher or --jobs lower, or shorten the examples by --max-length.`,
  );
}
