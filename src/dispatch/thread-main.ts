/** @file Entry of a worker thread: takes one task at a time from its parent. */
import { performance } from "node:perf_hooks";
import { parentPort } from "node:worker_threads";
import type { Task } from "./task.js";
import { type FromWorker, packError, type ToWorker } from "./worker-message.js";

const send = (message: FromWorker) => parentPort?.postMessage(message);

parentPort?.on("message", async (message: ToWorker) => {
  if (message.kind !== "run") return;
  try {
    const { task } = (await import(message.module)) as { task: Task };
    const context = { onProgress: () => {}, signal: new AbortController().signal, now: () => performance.now() };
    send({ kind: "result", result: await task(message.args, context) });
  } catch (error) {
    send(packError(error));
  }
});
