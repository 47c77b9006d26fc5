/** @file Settles which backend and precision a command computes with, before anything is begun. Computes nothing itself. */
import type { z } from "zod";
import type { TaskRunner } from "../dispatch/task.js";
import { workerProcess } from "../dispatch/worker-process.js";
import { InputError, WorkerError } from "../foundation/errors.js";
import { parseRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import { chosenBackend } from "./backend-task.js";
import type { EngineArguments } from "./compute-arguments.js";
import type { SourceOptions } from "./local-sources.js";

const backendTask = new URL("./backend-task.js", import.meta.url);

export type ChosenBackend = Omit<z.infer<typeof chosenBackend>, "note">;

/** In a process of its own: what crashes in the self-test is not used, and takes nothing with it. */
async function opened(
  { device, backend, precision }: EngineArguments,
  { progress, signal }: SourceOptions,
  startWorker: () => TaskRunner,
): Promise<z.infer<typeof chosenBackend>> {
  const worker = startWorker();
  try {
    const setting = { device, backend, precision, threads: 0 };
    const result = await worker.run(backendTask, setting, {
      signal,
      onProgress: (line) => progress.note(String(line)),
    });
    return parseRecord(chosenBackend, result, "backend task");
  } finally {
    await worker.close();
  }
}

/**
 * The same for all workers of a run, and for those that continue it on this machine. Says what is compiled, and what cannot be had.
 * @throws InputError where what is insisted on cannot be had, InterruptedError.
 */
export async function chooseBackend(
  args: EngineArguments,
  options: SourceOptions,
  startWorker: () => TaskRunner = workerProcess,
): Promise<ChosenBackend> {
  const { backend, precision } = args;
  const withNote = ({ note, ...chosen }: z.infer<typeof chosenBackend>) => {
    if (note !== null) options.progress.note(note);
    return chosen;
  };
  try {
    return withNote(await opened(args, options, startWorker));
  } catch (error) {
    if (!(error instanceof WorkerError) || backend === "onnx") throw error;
    const crashed = `The native kernels crashed in their self-test: ${error.message}`;
    if (backend === "native" || precision === "bf16")
      throw new InputError(`${crashed} Leave --backend native and --precision bf16 out.`);
    options.progress.note(`${crashed} Computing with onnxruntime.`);
    return withNote(await opened({ ...args, backend: "onnx" }, options, startWorker));
  }
}

/** Says so where a folder was begun with another backend than continues it: the numbers then differ in rounding. */
export function noteOtherBackend({ continued, record }: RunFolder, engine: string, note: (text: string) => void): void {
  if (!continued || record.backend === undefined || record.backend === engine) return;
  note(`Begun with ${record.backend}; continuing with ${engine}.`);
}
