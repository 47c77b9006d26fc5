/** @file The task that scans one matrix with both amplitude fits; nulls stay known for the next of the same shape. */
import { z } from "zod";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { listMatrices, readMatrix } from "../checkpoint/weight-names.js";
import type { Task } from "../dispatch/task.js";
import { InputError } from "../foundation/errors.js";
import { parseRecord } from "../records/record-file.js";
import { measureMatrix } from "../spectrum/matrix-measures.js";
import { type NoiseNulls, openNoiseNulls } from "../spectrum/noise-null.js";

const scanArguments = z.object({ model: z.string(), name: z.string(), seed: z.number().int() });

const nullsOfSeed = new Map<number, NoiseNulls>();

export const task: Task = async (args) => {
  const { model, name: wanted, seed } = parseRecord(scanArguments, args, "scan task");
  const nulls = nullsOfSeed.get(seed) ?? openNoiseNulls(seed);
  nullsOfSeed.set(seed, nulls);
  const checkpoint = openCheckpoint(model);
  try {
    const matrix = listMatrices(checkpoint).find(({ name }) => name === wanted);
    if (matrix === undefined) throw new InputError(`${model}: holds no matrix '${wanted}'.`);
    const { name, tensor, layer, role, expert, rows, cols, dtype } = matrix;
    const measures = measureMatrix(readMatrix(checkpoint, matrix), rows, cols, { nulls, amplitudes: "both" });
    return { name, tensor, layer, role, expert, dtype, ...measures };
  } finally {
    checkpoint.close();
  }
};
