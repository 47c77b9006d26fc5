/** @file The task that scans one matrix with both amplitude fits; nulls stay known for the next of the same shape. */
import { z } from "zod";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import type { Task } from "../dispatch/task.js";
import { parseRecord } from "../records/record-file.js";
import { type NoiseNulls, openNoiseNulls } from "../spectrum/noise-null.js";
import { scanCheckpoint } from "../spectrum/scan.js";

const scanArguments = z.object({ model: z.string(), name: z.string(), seed: z.number().int() });

const nullsOfSeed = new Map<number, NoiseNulls>();

export const task: Task = async (args, { signal }) => {
  const { model, name, seed } = parseRecord(scanArguments, args, "scan task");
  const nulls = nullsOfSeed.get(seed) ?? openNoiseNulls(seed);
  nullsOfSeed.set(seed, nulls);
  const checkpoint = openCheckpoint(model);
  try {
    const scan = scanCheckpoint(checkpoint, {
      only: (matrix) => matrix.name === name,
      seed,
      nulls,
      amplitudes: "both",
      signal,
    });
    const { value } = await scan.next();
    return value;
  } finally {
    checkpoint.close();
  }
};
