/** @file The smaller checkpoint of a plan: factors and seeds in place of matrices. Knows nothing of how it is read back. */
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import {
  type CheckpointFolderContent,
  demandFreeFolder,
  writeCheckpointFolder,
} from "../checkpoint/checkpoint-folder.js";
import type { WritableTensor } from "../checkpoint/safetensors-writer.js";
import { storedValues } from "../checkpoint/stored-values.js";
import type { LowRankFactors } from "../foundation/factored-matrix.js";
import { randomWeightsGenerator } from "../foundation/random-weights.js";
import { version } from "../foundation/version.js";
import type { CheckedPlan } from "./checked-plan.js";
import { type CompactMatrix, type CompactRecord, compactFile, compactKey } from "./compact-record.js";
import { pythonLoader, pythonLoaderFile } from "./python-loader.js";
import {
  crystalFactors,
  demandApplied,
  type ReplacedMatrix,
  randomSource,
  replacedMatrices,
  replacedValues,
} from "./replaced-matrix.js";
import { writableContent } from "./writable-content.js";

export const planFile = "plan.json";

/** Names of the two factors of a tensor. */
const factorNames = (tensor: string) => ({ left: `${tensor}:left`, right: `${tensor}:right` });

/** How a matrix is written down, its factors aside; null where it is stored dense. @throws InputError */
function entryOf(target: ReplacedMatrix): CompactMatrix | null {
  const { tensor, parameter, shape, dtype, planned, rank, applied } = target;
  const entry = { name: tensor, shape: [...shape] as [number, number], dtype };
  switch (planned.action) {
    case "freeze":
      return null;
    case "crystal":
      return target.factored ? { ...entry, form: "factors", rank, ...factorNames(tensor) } : null;
    case "random":
      if (applied) demandApplied(target);
      return { ...entry, form: "random", generator: randomWeightsGenerator, parameter, ...randomSource(target) };
    case "zero":
      if (applied) demandApplied(target);
      return { ...entry, form: "zero" };
    default:
      return planned.action satisfies never;
  }
}

/** Both factors, one decomposition: the second is asked for right after the first. */
function factorTensors(target: ReplacedMatrix): WritableTensor[] {
  const { tensor, shape, rank, dtype } = target;
  const { left, right } = factorNames(tensor);
  let held: LowRankFactors | null = null;
  const half = (side: "left" | "right") => () => {
    const factors = held ?? crystalFactors(target);
    held = held === null ? factors : null;
    return factors[side];
  };
  return [
    { name: left, shape: [shape[0], rank], dtype, data: half("left") },
    { name: right, shape: [rank, shape[1]], dtype, data: half("right") },
  ];
}

const elementsOf = (tensors: readonly { readonly shape: readonly number[] }[]) =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);

/**
 * Reads what a deviation or a check needs; the tensors are read when they are written, while `checkpoint` is open.
 * @throws InputError where a tensor cannot be read, or where an applied plan does not fit; of crystal matrices only when they are written.
 */
export function compactCheckpoint(checkpoint: Checkpoint, plan: CheckedPlan): CheckpointFolderContent {
  const { kept, copies, config, companions } = writableContent(checkpoint);
  const targets = replacedMatrices(checkpoint, plan);
  const entries = new Map([...targets].map(([name, target]) => [name, entryOf(target)]));
  const tensors = kept.flatMap(({ stored, dtype }): WritableTensor[] => {
    const target = targets.get(stored.name);
    const plain = { name: stored.name, shape: stored.shape, dtype };
    if (target === undefined) return [{ ...plain, data: () => storedValues(checkpoint, stored) }];
    const entry = entries.get(stored.name);
    if (entry == null) return [{ ...plain, data: () => replacedValues(target) }];
    return entry.form === "factors" ? factorTensors(target) : [];
  });
  const record: CompactRecord = {
    ...{ schema: "deadweight/compact@1", version, sourceSha256: checkpoint.sha256() },
    ...{ matrices: [...entries.values()].filter((entry) => entry !== null), copies },
    ...{ parameters: elementsOf(kept.map(({ stored }) => stored)), effectiveParameters: elementsOf(tensors) },
  };
  return {
    ...{ config, tensors, weightsFile: compactFile, metadata: { [compactKey]: JSON.stringify(record) } },
    extraFiles: {
      ...companions,
      [planFile]: `${JSON.stringify(plan.record, null, 1)}\n`,
      [pythonLoaderFile]: pythonLoader,
    },
  };
}

/**
 * Writes it, whole or not at all.
 * @param replace whether a folder that already holds something is exchanged for the new one.
 * @throws OutputError before any work where something stands there, InputError as `compactCheckpoint`.
 */
export function writeCompactCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  plan: CheckedPlan,
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  if (!replace) demandFreeFolder(folder);
  writeCheckpointFolder(folder, compactCheckpoint(checkpoint, plan), { replace });
}
