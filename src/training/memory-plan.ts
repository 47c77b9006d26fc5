/** @file How much memory a training process takes, and how many rows it can compute at once within a budget. Measures nothing. */
import { planNative } from "../engine/native/native-plan.js";
import { InputError } from "../foundation/errors.js";
import type { Graph } from "../graph/graph.js";
import { peakBytes } from "../graph/peak-bytes.js";
import { type LanguageModel, parameterCount } from "../model/language-model.js";
import { trainingGraph } from "../model/model-graph.js";
import type { BackendName } from "./open-backend.js";

export interface BatchRows {
  readonly rows: number;
  readonly length: number;
  readonly slots: number;
}

export interface MemoryPlan {
  readonly rowsAtOnce: number;
  /** What the native planner must keep intermediate values within, by computing some of them again; null where they fit. */
  readonly arenaLimitBytes: number | null;
  /** Models in training that may be kept for the next trial of their kind. */
  readonly keptTrainers: number;
  /** Of one process, estimated. */
  readonly bytes: number;
}

/** Weight, gradient and both moments. */
const bytesPerTrained = 16;
const bytesPerBaseWeight = 4;
const mostKept = 3;

/** Measured 2026-11 on Linux x64; see docs/log.md. */
interface BackendMemory {
  /** Node, the runtime and its code. */
  readonly processBytes: number;
  /** What the runtime copies of the gradients. */
  readonly bytesPerTrained: number;
  /** Whether models in training share the memory of their intermediate values. */
  readonly sharesArena: boolean;
  peakBytes(graph: Graph, arenaLimitBytes?: number): number;
}

/** Packed factors, and the logits of some rows. */
const nativeScratchBytes = 20 * 2 ** 20;

const backendMemory: Readonly<Record<BackendName, BackendMemory>> = {
  onnx: { processBytes: 110 * 2 ** 20, bytesPerTrained: 6, sharesArena: false, peakBytes },
  native: {
    processBytes: 80 * 2 ** 20,
    bytesPerTrained: 0,
    sharesArena: true,
    peakBytes: (graph, arenaLimitBytes) =>
      planNative(graph, [...graph.outputs.keys()], { precision: "fp32", arenaLimitBytes }).arena.bytes +
      nativeScratchBytes,
  },
};

interface Estimate {
  /** Of a process that holds the base and one model in training, without intermediate values. */
  readonly fixed: number;
  /** Of intermediate values. */
  readonly peak: number;
  /** Of each model more that is held for later. */
  readonly further: number;
}

function estimate(
  model: LanguageModel,
  { length, slots }: BatchRows,
  rows: number,
  memory: BackendMemory,
  arenaLimitBytes?: number,
): Estimate {
  const parameters = parameterCount(model.parameters);
  const names = model.parameters.map(({ name }) => name);
  const graph = trainingGraph(model, { rows, length, slots: Math.min(slots, rows * length), packed: true }, names);
  const trained = (bytesPerTrained + memory.bytesPerTrained) * parameters;
  const peak = memory.peakBytes(graph, arenaLimitBytes);
  const fixed = memory.processBytes + bytesPerBaseWeight * parameters + trained;
  return { fixed, peak, further: memory.sharesArena ? trained : trained + peak };
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Numbers of rows that split a batch evenly, or nearly: all, half, a third, ... one. */
function rowCounts(rows: number): number[] {
  return [...new Set(Array.from({ length: rows }, (_, parts) => Math.ceil(rows / (parts + 1))))];
}

/**
 * The most rows at once that fit, then as many kept trainers as fit; one row with part of its forward pass computed twice where that alone
 * fits, and the backend can. @throws InputError where one row does not fit.
 */
export function planMemory(
  model: LanguageModel,
  batch: BatchRows,
  budgetBytes: number,
  backend: BackendName,
): MemoryPlan {
  const memory = backendMemory[backend];
  for (const rowsAtOnce of rowCounts(batch.rows)) {
    const { fixed, peak, further } = estimate(model, batch, rowsAtOnce, memory);
    const first = fixed + peak;
    if (first > budgetBytes) continue;
    const keptTrainers = Math.min(mostKept, 1 + Math.floor((budgetBytes - first) / further));
    return { rowsAtOnce, keptTrainers, arenaLimitBytes: null, bytes: first + (keptTrainers - 1) * further };
  }
  const { fixed, peak } = estimate(model, batch, 1, memory, 0);
  if (fixed + peak <= budgetBytes) {
    const arenaLimitBytes = Math.floor(budgetBytes - fixed - nativeScratchBytes);
    return { rowsAtOnce: 1, keptTrainers: 1, arenaLimitBytes, bytes: budgetBytes };
  }
  throw new InputError(
    `One row of ${batch.length} tokens takes about ${gigabytes(fixed + peak)}, and ${gigabytes(budgetBytes)} are allowed for each job. Set --memory higher or --jobs lower, or shorten the examples by --max-length.`,
  );
}
