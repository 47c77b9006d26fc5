/** @file Runs tasks in a thread: for short tasks that exchange much data and cannot crash the process. */
import { Worker } from "node:worker_threads";
import { InterruptedError, WorkerError } from "../foundation/errors.js";
import type { TaskRunner } from "./task.js";
import { type FromWorker, type ToWorker, unpackError } from "./worker-message.js";

const entry = new URL("./thread-main.js", import.meta.url);

/**
 * The thread starts at once. It does not hear of interrupts: a task is finished or the thread is ended.
 * @param firstModule of the first task: loaded before that comes.
 */
export function workerThread(firstModule?: URL): TaskRunner {
  const worker = new Worker(entry, { workerData: { firstModule: firstModule?.href } });
  // Only a task under way keeps the process alive.
  worker.unref();
  let failure: string | null = null;
  worker
    .on("error", (error: Error) => {
      failure = error.message;
    })
    .on("exit", () => {
      failure ??= "it has ended.";
    });
  return {
    run(module, args, { signal, transfer = [] } = {}) {
      if (signal?.aborted) return Promise.reject(new InterruptedError("Stopped."));
      if (failure) return Promise.reject(new WorkerError(`The worker thread failed: ${failure}`));
      return new Promise((resolve, reject) => {
        worker.ref();
        const settle = (finish: () => void) => {
          worker.off("message", onMessage).off("error", onError).off("exit", onExit);
          worker.unref();
          finish();
        };
        const onMessage = (message: FromWorker) => {
          if (message.kind === "result") settle(() => resolve(message.result));
          if (message.kind === "error") settle(() => reject(unpackError(message.name, message.message)));
        };
        const onError = (error: Error) =>
          settle(() => reject(new WorkerError(`The worker thread failed: ${error.message}`)));
        const onExit = () => settle(() => reject(new WorkerError("The worker thread ended early. Out of memory?")));
        worker.on("message", onMessage).once("error", onError).once("exit", onExit);
        worker.postMessage({ kind: "run", module: module.href, args } satisfies ToWorker, [...transfer]);
      });
    },
    async close() {
      await worker.terminate();
    },
  };
}
