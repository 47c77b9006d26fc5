/** @file The task that prepares a run's texts: seconds of work that would keep the main thread from hearing an interrupt. */
import { z } from "zod";
import type { Task } from "../dispatch/task.js";
import { parseRecord } from "../records/record-file.js";
import { paperPreset } from "./preset.js";
import { prepareTexts } from "./texts.js";

const textsArguments = z.object({ preset: z.string(), folder: z.string() });

export const task: Task = async (args, { onProgress }) => {
  const { preset, folder } = parseRecord(textsArguments, args, "texts task");
  return prepareTexts(paperPreset(preset), folder, onProgress);
};
