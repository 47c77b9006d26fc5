/** @file A compact checkpoint back to an ordinary one, from an untrusted folder. Knows nothing of plans. */

import { join } from "node:path";
import { z } from "zod";
import {
  type CheckpointFolderContent,
  demandFreeFolder,
  writeCheckpointFolder,
} from "../checkpoint/checkpoint-folder.js";
import { companionFiles } from "../checkpoint/companion-files.js";
import { openSafetensors, type SafetensorsFile } from "../checkpoint/safetensors-file.js";
import type { WritableTensor } from "../checkpoint/safetensors-writer.js";
import { factorProduct } from "../foundation/factored-matrix.js";
import { randomWeights } from "../foundation/random-weights.js";

import { readRecord } from "../records/record-file.js";
import { checkedCompact } from "./checked-compact.js";
import { type CompactMatrix, compactFile, compactKey, parseCompactRecord } from "./compact-record.js";
import { roundedValues } from "./rounded-values.js";

/** The content of an ordinary checkpoint, whose tensors are read when they are written. */
export interface DenseCheckpoint extends CheckpointFolderContent {
  readonly tensors: readonly WritableTensor[];
  /** Gives the file descriptor back; nothing can be read afterwards. */
  readonly close: () => void;
}

function denseValues(file: SafetensorsFile, matrix: CompactMatrix): Float32Array {
  const [rows, columns] = matrix.shape;
  switch (matrix.form) {
    case "factors": {
      const factors = { left: file.readFloat32(matrix.left), right: file.readFloat32(matrix.right) };
      return roundedValues(factorProduct(factors, rows, columns, matrix.rank), matrix.dtype);
    }
    case "random": {
      const { parameter, deviation, seed, dtype } = matrix;
      return roundedValues(randomWeights({ parameter, elements: rows * columns, deviation, seed }), dtype);
    }
    case "zero":
      return new Float32Array(rows * columns);
    default:
      return matrix satisfies never;
  }
}

/**
 * @param folder that `writeCompactCheckpoint` wrote; nothing in it is trusted. @throws InputError before memory is taken for a tensor:
 * where the file is truncated, its record is none, a tensor is missing, comes twice or has another shape, or a matrix is too large.
 */
export function denseCheckpoint(folder: string): DenseCheckpoint {
  const config = readRecord(join(folder, "config.json"), z.record(z.string(), z.unknown()));
  const file = openSafetensors(join(folder, compactFile));
  try {
    const record = parseCompactRecord(file.header.metadata.get(compactKey), file.path);
    const { plain } = checkedCompact(file, record);
    const tensors = new Map<string, WritableTensor>([
      ...plain.map(({ name, shape, dtype }): [string, WritableTensor] => [
        name,
        { name, shape, dtype, data: () => file.readFloat32(name) },
      ]),
      ...record.matrices.map((matrix): [string, WritableTensor] => {
        const { name, shape, dtype } = matrix;
        return [name, { name, shape, dtype, data: () => denseValues(file, matrix) }];
      }),
    ]);
    const copies = record.copies.map(({ name, of }): WritableTensor => ({ ...tensors.get(of)!, name }));
    return {
      ...{ config, tensors: [...tensors.values(), ...copies], extraFiles: companionFiles(folder) },
      close: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * Writes the ordinary checkpoint, whole or not at all. @param compact the folder to read.
 * @throws OutputError before any work where something stands at `folder`, InputError as `denseCheckpoint`.
 */
export function writeDenseCheckpoint(
  folder: string,
  compact: string,
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  if (!replace) demandFreeFolder(folder);
  const content = denseCheckpoint(compact);
  try {
    writeCheckpointFolder(folder, content, { replace });
  } finally {
    content.close();
  }
}
