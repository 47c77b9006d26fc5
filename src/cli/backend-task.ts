/** @file The task that opens the backend a command is going to use, so that its workers find it compiled and tested. */
import { z } from "zod";
import type { Task } from "../dispatch/task.js";
import { parseRecord } from "../records/record-file.js";
import { computeSetting, openBackend } from "../training/open-backend.js";

export const chosenBackend = z.object({
  backend: z.enum(["native", "onnx"]),
  precision: z.enum(["fp32", "bf16"]),
  /** For records: "native kernels (avx512, cc 12.2.0), fp32". */
  engine: z.string(),
  /** One sentence where it is not what was asked for. */
  note: z.string().nullable(),
});

export const task: Task = async (args, { onProgress }): Promise<z.infer<typeof chosenBackend>> => {
  const setting = parseRecord(z.object(computeSetting), args, "backend task");
  const { name, precision, engine, note, close } = await openBackend({ ...setting, say: onProgress });
  await close();
  return { backend: name, precision, engine, note };
};
