/** @file The task that tests a library of spectral kernels, in a process that may crash. */
import { z } from "zod";
import type { Task } from "../dispatch/task.js";
import { parseRecord } from "../records/record-file.js";
import { kernelsSelfTest } from "../spectrum/kernels-self-test.js";
import { openNativeKernels } from "../spectrum/native-kernels.js";

export const task: Task = async (args): Promise<string | null> => {
  const { path } = parseRecord(z.object({ path: z.string() }), args, "spectral task");
  return kernelsSelfTest(await openNativeKernels(path));
};
