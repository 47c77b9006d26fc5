/** @file Entry of a worker thread: takes one task at a time from its parent. */
import { performance } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import type { Task } from "./task.js";
import { type FromWorker, packError, type ToWorker } from "./worker-message.js";

const send = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) =>
  parentPort?.postMessage(message, [...transfer]);

/** What a task module exports; `transferred` names the buffers of its result that need not be copied. */
interface TaskModule {
  readonly task: Task;
  readonly transferred?: (result: unknown) => readonly ArrayBuffer[];
}

const { firstModule } = workerData as { readonly firstModule?: string };
// What goes wrong is told when the task is wanted.
if (firstModule !== undefined) import(firstModule).catch(() => {});

parentPort?.on("message", async (message: ToWorker) => {
  if (message.kind !== "run") return;
  try {
    const { task, transferred } = (await import(message.module)) as TaskModule;
    const context = { onProgress: () => {}, signal: new AbortController().signal, now: () => performance.now() };
    const result = await task(message.args, context);
    send({ kind: "result", result }, transferred?.(result));
  } catch (error) {
    send(packError(error));
  }
});
